import bulletin.BulletinError;
import bulletin.v1.CreateStationRequest;
import bulletin.v1.GetStationRequest;
import bulletin.v1.Station;
import bulletin.v1.StationServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;

/** Reads errors back: a reason to branch on, and every field that is wrong. */
class Errors {
    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            var stations = StationServiceGrpc.newBlockingStub(channel);
            try {
                stations.getStation(GetStationRequest.newBuilder().setName("stations/nobody-here").build());
            } catch (StatusRuntimeException failed) {
                // None, where the call failed before it reached the service.
                BulletinError error = BulletinError.of(failed).orElseThrow(() -> failed);
                System.out.println(error.reason() + " " + error.message());
            }
            try {
                stations.createStation(CreateStationRequest.newBuilder()
                        .setStationId("X")
                        .setStation(Station.newBuilder().setRegionCode("宁波"))
                        .build());
            } catch (StatusRuntimeException failed) {
                BulletinError error = BulletinError.of(failed).orElseThrow(() -> failed);
                System.out.println(error.reason());
                for (var violation : error.violations()) {
                    System.out.println(violation.field() + " " + violation.description());
                }
            }
        } finally {
            channel.shutdown();
        }
    }
}
