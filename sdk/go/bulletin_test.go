package bulletin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"bulletin"
	pb "bulletin/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestPlacesCountCodePoints(t *testing.T) {
	if got := bulletin.Cut("𠮷野家", &pb.Fragment{Start: 1, End: 3}); got != "野家" {
		t.Error(got)
	}
	if got := bulletin.Cut("近300个", &pb.Fragment{Start: 0, End: 1}, &pb.Fragment{Start: 4, End: 5}); got != "近个" {
		t.Error(got)
	}
}

func TestAFailureThatIsNotTheServicesHasNoErrorOfIt(t *testing.T) {
	for _, err := range []error{nil, errors.New("another"), status.Error(codes.Unavailable, "no connection")} {
		if got := bulletin.ErrorOf(err); got != nil {
			t.Error(err, got)
		}
	}
}

func TestAnErrorSaysHowLongToWait(t *testing.T) {
	info := &errdetails.ErrorInfo{Domain: "bulletin.v1", Reason: "OVERLOADED"}
	without, _ := status.New(codes.ResourceExhausted, "busy").WithDetails(info)
	with, _ := without.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)})
	for answer, want := range map[*status.Status]time.Duration{without: 0, with: 1500 * time.Millisecond} {
		if got := bulletin.ErrorOf(answer.Err()); got == nil || got.RetryDelay != want {
			t.Error(got, want)
		}
	}
}

// pagesOf is a list of pages with these tokens, which keeps what was asked for.
func pagesOf(tokens []string, asked *[]string) func(
	context.Context, *pb.ListStationsRequest, ...grpc.CallOption,
) (*pb.ListStationsResponse, error) {
	return func(_ context.Context, request *pb.ListStationsRequest, _ ...grpc.CallOption) (*pb.ListStationsResponse, error) {
		*asked = append(*asked, request.Filter+request.PageToken)
		return &pb.ListStationsResponse{NextPageToken: tokens[len(*asked)-1]}, nil
	}
}

func TestPagesEndWithTheLastTokenOrWhereWantedAndLeaveTheRequestAsItIs(t *testing.T) {
	request := &pb.ListStationsRequest{Filter: "f"}
	before := proto.Clone(request)
	enough := errors.New("enough")
	for _, last := range []int{3, 2} {
		var asked []string
		count := 0
		err := bulletin.Pages(context.Background(), pagesOf([]string{"a", "b", ""}, &asked), request,
			func(*pb.ListStationsResponse) error {
				if count++; count == last && last < 3 {
					return enough
				}
				return nil
			})
		if (err == enough) != (last < 3) || count != last {
			t.Error(last, count, err)
		}
		for place, want := range []string{"f", "fa", "fb"}[:last] {
			if asked[place] != want {
				t.Error(asked)
			}
		}
		if !proto.Equal(request, before) {
			t.Error(request)
		}
	}
}
