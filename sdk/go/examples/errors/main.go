// Reads errors back: a reason to branch on, and every field that is wrong.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"bulletin"
	pb "bulletin/v1"
	"google.golang.org/grpc"
)

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	ctx := context.Background()
	stations := pb.NewStationServiceClient(channel)
	_, err = stations.GetStation(ctx, &pb.GetStationRequest{Name: "stations/nobody-here"})
	missing := bulletin.ErrorOf(err)
	// None, where the call failed before it reached the service.
	if missing == nil {
		log.Fatal(err)
	}
	fmt.Println(missing.Reason, missing.Message)
	_, err = stations.CreateStation(ctx, &pb.CreateStationRequest{
		StationId: "X",
		Station:   &pb.Station{RegionCode: "宁波"},
	})
	wrong := bulletin.ErrorOf(err)
	if wrong == nil {
		log.Fatal(err)
	}
	fmt.Println(wrong.Reason)
	for _, violation := range wrong.Violations {
		fmt.Println(violation.Field, violation.Description)
	}
}
