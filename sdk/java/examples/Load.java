import bulletin.v1.ImportRecordsRequest;
import bulletin.v1.ImportRecordsResponse;
import bulletin.v1.Record;
import bulletin.v1.Station;
import bulletin.v1.TransferServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** Imports records in chunks: each is one revision, and may be sent again. */
class Load {
    static final Record GOOD = record(Station.newBuilder()
            .setName("stations/load-java")
            .setDisplayName("慈城派出所")
            .setKind(Station.Kind.POLICE_STATION));
    static final Record BAD = record(Station.newBuilder()
            .setName("stations/load-java-2")
            .setDisplayName("庄桥派出所")
            .setKind(Station.Kind.POLICE_STATION)
            .setParent("stations/nobody-here"));

    static Record record(Station.Builder station) {
        return Record.newBuilder().setStation(station).build();
    }

    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            CompletableFuture<Void> ended = new CompletableFuture<>();
            var chunks = TransferServiceGrpc.newStub(channel).importRecords(answers(ended));
            // The mode stands in the first message only.
            chunks.onNext(ImportRecordsRequest.newBuilder()
                    .setMode(ImportRecordsRequest.Mode.UPSERT)
                    .addRecords(GOOD)
                    .addRecords(BAD)
                    .build());
            chunks.onNext(ImportRecordsRequest.newBuilder().addRecords(GOOD).build());
            chunks.onCompleted();
            ended.join();
        } finally {
            channel.shutdown();
        }
    }

    static StreamObserver<ImportRecordsResponse> answers(CompletableFuture<Void> ended) {
        return new StreamObserver<>() {
            @Override
            public void onNext(ImportRecordsResponse answer) {
                for (var result : answer.getResultsList()) {
                    String message = result.getError().getMessage();
                    System.out.println(result.getName() + " " + result.getOutcome() + " " + message);
                }
            }

            @Override
            public void onError(Throwable failed) {
                ended.completeExceptionally(failed);
            }

            @Override
            public void onCompleted() {
                ended.complete(null);
            }
        };
    }
}
