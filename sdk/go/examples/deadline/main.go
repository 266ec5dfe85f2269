// Gives calls a time by which they must have ended.
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

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	changes := pb.NewChangeServiceClient(channel)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := changes.GetHead(ctx, &pb.GetHeadRequest{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("answered in time")
	// A watch has no end of its own.
	short, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	stream, err := changes.WatchChanges(short, &pb.WatchChangesRequest{})
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.DeadlineExceeded {
		log.Fatal(err)
	}
	fmt.Println("the time was up")
}
