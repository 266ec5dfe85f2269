import bulletin.v1.Consistency;
import bulletin.v1.CreateStationRequest;
import bulletin.v1.GetStationRequest;
import bulletin.v1.Station;
import bulletin.v1.StationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.concurrent.atomic.AtomicReference;

/** Reads what was just written: the token of one call makes another as fresh. */
class Fresh {
    static final Metadata.Key<String> TOKEN =
            Metadata.Key.of("bulletin-token", Metadata.ASCII_STRING_MARSHALLER);

    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            AtomicReference<Metadata> headers = new AtomicReference<>();
            var stations = StationServiceGrpc.newBlockingStub(channel).withInterceptors(
                    MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
            Station created = stations.createStation(CreateStationRequest.newBuilder()
                    .setStationId("fresh-java")
                    .setStation(Station.newBuilder()
                            .setDisplayName("江北派出所")
                            .setKind(Station.Kind.POLICE_STATION))
                    .build());
            String token = headers.get().get(TOKEN);
            Station read = stations.getStation(GetStationRequest.newBuilder()
                    .setName(created.getName())
                    .setConsistency(Consistency.newBuilder().setAtLeastAsFresh(token))
                    .build());
            System.out.println(read.getName() + " " + read.getDisplayName());
        } finally {
            channel.shutdown();
        }
    }
}
