package bulletin;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;

/** Lists, page by page. */
public final class Lists {
    private Lists() {}

    /**
     * All pages of a list, such as {@code pages(stub::listStatistics, request)}, each asked for when it is
     * come to.
     */
    public static <Request extends Message, Response extends Message> Iterable<Response> pages(
            Function<Request, Response> list, Request request) {
        return () -> new Iterator<>() {
            private Request asked = request;

            @Override
            public boolean hasNext() {
                return asked != null;
            }

            @Override
            public Response next() {
                if (asked == null) {
                    throw new NoSuchElementException();
                }
                Response page = list.apply(asked);
                String token = (String) page.getField(field(page, "next_page_token"));
                // A page may be shorter than asked for, even empty: only the token says that it was the last.
                asked = token.isEmpty() ? null : after(asked, token);
                return page;
            }
        };
    }

    private static <Request extends Message> Request after(Request request, String token) {
        Message next = request.toBuilder().setField(field(request, "page_token"), token).build();
        // A builder builds what it was made of.
        @SuppressWarnings("unchecked")
        Request typed = (Request) next;
        return typed;
    }

    private static FieldDescriptor field(Message message, String name) {
        return message.getDescriptorForType().findFieldByName(name);
    }
}
