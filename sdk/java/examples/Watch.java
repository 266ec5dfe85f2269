import bulletin.v1.Change;
import bulletin.v1.ChangeServiceGrpc;
import bulletin.v1.Record;
import bulletin.v1.WatchChangesRequest;
import bulletin.v1.WatchChangesResponse;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;

/** Follows stations without missing a change, whatever happens to the connection. */
class Watch {
    public static void main(String[] arguments) throws InterruptedException {
        var channel = ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        var changes = ChangeServiceGrpc.newBlockingStub(channel);
        // Where to go on. Who keeps records keeps it with them, in one transaction.
        var request = WatchChangesRequest.newBuilder().setSnapshot(true).addKinds(Record.Kind.STATION);
        long pauseMs = 100;
        while (true) {
            try {
                Iterator<WatchChangesResponse> messages = changes.watchChanges(request.build());
                while (messages.hasNext()) {
                    WatchChangesResponse message = messages.next();
                    pauseMs = 100;
                    if (message.getType() == WatchChangesResponse.Type.SNAPSHOT_END) {
                        System.out.println("all stations are known");
                    }
                    for (Change change : message.getChangesList()) {
                        System.out.println(change.getType() + " " + change.getName());
                    }
                    // In this order: while a message has a cursor, its token is not all there is to it.
                    if (!message.getCursor().isEmpty()) {
                        request.setCursor(message.getCursor());
                    } else if (!message.getToken().isEmpty()) {
                        request.setToken(message.getToken());
                    }
                }
            } catch (StatusRuntimeException failed) {
                // Other codes need more than another try: docs/consumers.md, "Following changes".
                if (failed.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                    throw failed;
                }
            }
            Thread.sleep(pauseMs);
            pauseMs = Math.min(2 * pauseMs, 5_000);
        }
    }
}
