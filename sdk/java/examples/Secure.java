import bulletin.v1.DeleteStationRequest;
import bulletin.v1.GetStationRequest;
import bulletin.v1.StationServiceGrpc;
import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;

/** Calls by TLS, as somebody whom a token names. */
class Secure {
    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Reads the token at each call, so that a new one counts at once. */
    static final class Token extends CallCredentials {
        @Override
        public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
            executor.execute(() -> {
                try {
                    String token = Files.readString(Path.of(System.getenv("BULLETIN_TOKEN_FILE"))).strip();
                    Metadata headers = new Metadata();
                    headers.put(AUTHORIZATION, "Bearer " + token);
                    applier.apply(headers);
                } catch (IOException failed) {
                    applier.fail(Status.UNAUTHENTICATED.withCause(failed));
                }
            });
        }

        @Override
        public void thisUsesUnstableApi() {}
    }

    public static void main(String[] arguments) throws IOException {
        ChannelCredentials tls = TlsChannelCredentials.newBuilder()
                .trustManager(new File(System.getenv("BULLETIN_CA")))
                .build();
        ManagedChannel channel = Grpc.newChannelBuilder(System.getenv("BULLETIN_ADDR"), tls).build();
        try {
            var nobody = StationServiceGrpc.newBlockingStub(channel);
            var stations = nobody.withCallCredentials(new Token());
            var request = GetStationRequest.newBuilder().setName("stations/zhenhai-branch").build();
            System.out.println(stations.getStation(request).getName());
            try {
                stations.deleteStation(DeleteStationRequest.newBuilder().setName(request.getName()).build());
            } catch (StatusRuntimeException failed) {
                if (failed.getStatus().getCode() != Status.Code.PERMISSION_DENIED) {
                    throw failed;
                }
                System.out.println("a reader may not write");
            }
            try {
                nobody.getStation(request);
            } catch (StatusRuntimeException failed) {
                if (failed.getStatus().getCode() != Status.Code.UNAUTHENTICATED) {
                    throw failed;
                }
                System.out.println("nobody may read without a token");
            }
        } finally {
            channel.shutdown();
        }
    }
}
