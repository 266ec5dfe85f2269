// Package bulletin has what a client of bulletin.v1 needs beside the generated code, which is in bulletin/v1.
package bulletin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// ListRequest is the request of a list.
type ListRequest interface {
	proto.Message
	GetPageToken() string
}

// ListResponse is one page of a list.
type ListResponse interface {
	proto.Message
	GetNextPageToken() string
}

// Pages hands over all pages of a list, such as that of client.ListStatistics, until there is none or each
// fails. The request is left as it is.
func Pages[Request ListRequest, Response ListResponse](
	ctx context.Context,
	list func(context.Context, Request, ...grpc.CallOption) (Response, error),
	request Request,
	each func(Response) error,
) error {
	asked := proto.Clone(request).(Request)
	token := asked.ProtoReflect().Descriptor().Fields().ByName("page_token")
	for {
		page, err := list(ctx, asked)
		if err != nil {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		// A page may be shorter than asked for, even empty: only the token says that it was the last.
		if page.GetNextPageToken() == "" {
			return nil
		}
		asked.ProtoReflect().Set(token, protoreflect.ValueOfString(page.GetNextPageToken()))
	}
}
