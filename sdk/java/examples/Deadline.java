import bulletin.v1.ChangeServiceGrpc;
import bulletin.v1.GetHeadRequest;
import bulletin.v1.WatchChangesRequest;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;

/** Gives calls a time by which they must have ended. */
class Deadline {
    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            var changes = ChangeServiceGrpc.newBlockingStub(channel);
            changes.withDeadlineAfter(10, TimeUnit.SECONDS).getHead(GetHeadRequest.getDefaultInstance());
            System.out.println("answered in time");
            try {
                // A watch has no end of its own.
                changes.withDeadlineAfter(500, TimeUnit.MILLISECONDS)
                        .watchChanges(WatchChangesRequest.getDefaultInstance())
                        .forEachRemaining(message -> {});
            } catch (StatusRuntimeException failed) {
                if (failed.getStatus().getCode() != Status.Code.DEADLINE_EXCEEDED) {
                    throw failed;
                }
                System.out.println("the time was up");
            }
        } finally {
            channel.shutdown();
        }
    }
}
