package bulletin;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the service says is wrong: its reason is an ErrorReason without the prefix, its retry delay how long to wait
 * before the call is worth another try, where the service says so.
 */
public record BulletinError(
        Status.Code code,
        String reason,
        String message,
        List<Violation> violations,
        Optional<Duration> retryDelay) {

    /** One field that breaks its rule. */
    public record Violation(String field, String description) {}

    /** The service's own error in a failed call; none where another made it, such as a broken connection. */
    public static Optional<BulletinError> of(Throwable failed) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failed);
        if (status == null) {
            return Optional.empty();
        }
        String reason = "";
        List<Violation> violations = new ArrayList<>();
        Optional<Duration> retryDelay = Optional.empty();
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    ErrorInfo info = detail.unpack(ErrorInfo.class);
                    reason = info.getDomain().equals("bulletin.v1") ? info.getReason() : reason;
                } else if (detail.is(BadRequest.class)) {
                    for (var one : detail.unpack(BadRequest.class).getFieldViolationsList()) {
                        violations.add(new Violation(one.getField(), one.getDescription()));
                    }
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    retryDelay = Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
                }
            }
        } catch (InvalidProtocolBufferException damaged) {
            // The service makes none such.
            return Optional.empty();
        }
        if (reason.isEmpty()) {
            return Optional.empty();
        }
        Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
        return Optional.of(
                new BulletinError(code, reason, status.getMessage(), List.copyOf(violations), retryDelay));
    }
}
