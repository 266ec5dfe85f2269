package bulletin

import (
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Violation is one field that breaks its rule.
type Violation struct {
	Field, Description string
}

// Error is what the service says is wrong: its reason is an ErrorReason without the prefix.
type Error struct {
	Code            codes.Code
	Reason, Message string
	Violations      []Violation
	// RetryDelay is how long to wait before the call is worth another try; 0 where the service says nothing of it.
	RetryDelay time.Duration
}

// ErrorOf returns the service's own error in that of a call; nil where another made it, such as a broken
// connection, or where there is none.
func ErrorOf(err error) *Error {
	answer, isStatus := status.FromError(err)
	if err == nil || !isStatus {
		return nil
	}
	found := Error{Code: answer.Code(), Message: answer.Message()}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain == "bulletin.v1" {
				found.Reason = detail.Reason
			}
		case *errdetails.BadRequest:
			for _, one := range detail.FieldViolations {
				found.Violations = append(found.Violations, Violation{one.Field, one.Description})
			}
		case *errdetails.RetryInfo:
			found.RetryDelay = detail.RetryDelay.AsDuration()
		}
	}
	if found.Reason == "" {
		return nil
	}
	return &found
}
