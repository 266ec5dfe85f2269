// Imports records in chunks: each is one revision, and may be sent again.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	pb "bulletin/v1"
	"google.golang.org/grpc"
)

func record(station *pb.Station) *pb.Record {
	return &pb.Record{Record: &pb.Record_Station{Station: station}}
}

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	stream, err := pb.NewTransferServiceClient(channel).ImportRecords(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	good := record(&pb.Station{
		Name:        "stations/load-go",
		DisplayName: "慈城派出所",
		Kind:        pb.Station_POLICE_STATION,
	})
	bad := record(&pb.Station{
		Name:        "stations/load-go-2",
		DisplayName: "庄桥派出所",
		Kind:        pb.Station_POLICE_STATION,
		Parent:      "stations/nobody-here",
	})
	chunks := []*pb.ImportRecordsRequest{
		// The mode stands in the first message only.
		{Mode: pb.ImportRecordsRequest_UPSERT, Records: []*pb.Record{good, bad}},
		{Records: []*pb.Record{good}},
	}
	// Few enough that nobody need read meanwhile; who sends many does both at once.
	for _, chunk := range chunks {
		if err := stream.Send(chunk); err != nil {
			break
		}
	}
	if err := stream.CloseSend(); err != nil {
		log.Fatal(err)
	}
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		// Why sending failed is said here too.
		if err != nil {
			log.Fatal(err)
		}
		for _, result := range answer.Results {
			fmt.Println(result.Name, result.Outcome, result.GetError().GetMessage())
		}
	}
}
