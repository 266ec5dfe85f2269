import static bulletin.Lists.pages;
import static bulletin.Texts.cut;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;

import bulletin.BulletinError;
import bulletin.v1.Fragment;
import bulletin.v1.ListStationsRequest;
import bulletin.v1.ListStationsResponse;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.Test;

public class HelpersTest {
    private static final ListStationsRequest REQUEST =
            ListStationsRequest.newBuilder().setFilter("f").build();

    private final List<String> asked = new ArrayList<>();

    private static Fragment fragment(int start, int end) {
        return Fragment.newBuilder().setStart(start).setEnd(end).build();
    }

    /** A list of pages with these tokens, which keeps what was asked for. */
    private Function<ListStationsRequest, ListStationsResponse> pagesOf(String... tokens) {
        return request -> {
            asked.add(request.getFilter() + request.getPageToken());
            String next = tokens[asked.size() - 1];
            return ListStationsResponse.newBuilder().setNextPageToken(next).build();
        };
    }

    @Test
    public void placesCountCodePoints() {
        assertEquals("野家", cut("𠮷野家", List.of(fragment(1, 3))));
        assertEquals("近个", cut("近300个", List.of(fragment(0, 1), fragment(4, 5))));
    }

    @Test
    public void aFailureThatIsNotTheServicesHasNoErrorOfIt() {
        assertEquals(Optional.empty(), BulletinError.of(Status.UNAVAILABLE.asRuntimeException()));
        assertEquals(Optional.empty(), BulletinError.of(new IllegalStateException("another")));
    }

    @Test
    public void anErrorSaysHowLongToWait() {
        var info = ErrorInfo.newBuilder().setDomain("bulletin.v1").setReason("OVERLOADED");
        var status = com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
                .addDetails(Any.pack(info.build()));
        var without = StatusProto.toStatusRuntimeException(status.build());
        assertEquals(Optional.empty(), BulletinError.of(without).orElseThrow().retryDelay());
        var retry = RetryInfo.newBuilder();
        retry.getRetryDelayBuilder().setSeconds(1).setNanos(500_000_000);
        var with = StatusProto.toStatusRuntimeException(status.addDetails(Any.pack(retry.build())).build());
        assertEquals(Optional.of(Duration.ofMillis(1500)), BulletinError.of(with).orElseThrow().retryDelay());
    }

    @Test
    public void pagesEndWithTheLastToken() {
        Iterator<ListStationsResponse> all = pages(pagesOf("a", "b", ""), REQUEST).iterator();
        while (all.hasNext()) {
            all.next();
        }
        assertEquals(List.of("f", "fa", "fb"), asked);
    }

    @Test
    public void pagesAreAskedForWhenTheyAreComeTo() {
        Iterator<ListStationsResponse> all = pages(pagesOf("a", ""), REQUEST).iterator();
        assertEquals(List.of(), asked);
        all.next();
        assertEquals(List.of("f"), asked);
        all.next();
        assertFalse(all.hasNext());
    }
}
