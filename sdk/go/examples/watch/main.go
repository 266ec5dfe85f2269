// Follows stations without missing a change, whatever happens to the connection.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	pb "bulletin/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const pauseMin, pauseMax = 100 * time.Millisecond, 5 * time.Second

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	changes := pb.NewChangeServiceClient(channel)
	// Where to go on. Who keeps records keeps it with them, in one transaction.
	request := &pb.WatchChangesRequest{
		Start: &pb.WatchChangesRequest_Snapshot{Snapshot: true},
		Kinds: []pb.Record_Kind{pb.Record_STATION},
	}
	pause := pauseMin
	for {
		err := watch(changes, request, func() { pause = pauseMin })
		// Other codes need more than another try: docs/consumers.md, "Following changes".
		if status.Code(err) != codes.Unavailable {
			log.Fatal(err)
		}
		time.Sleep(pause)
		if pause *= 2; pause > pauseMax {
			pause = pauseMax
		}
	}
}

// watch shows what comes, and moves the request on, until the stream ends.
func watch(changes pb.ChangeServiceClient, request *pb.WatchChangesRequest, heard func()) error {
	stream, err := changes.WatchChanges(context.Background(), request)
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		heard()
		if message.Type == pb.WatchChangesResponse_SNAPSHOT_END {
			fmt.Println("all stations are known")
		}
		for _, change := range message.Changes {
			fmt.Println(change.Type, change.Name)
		}
		// In this order: while a message has a cursor, its token is not all there is to it.
		if message.Cursor != "" {
			request.Start = &pb.WatchChangesRequest_Cursor{Cursor: message.Cursor}
		} else if message.Token != "" {
			request.Start = &pb.WatchChangesRequest_Token{Token: message.Token}
		}
	}
}
