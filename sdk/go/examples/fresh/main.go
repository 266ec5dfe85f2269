// Reads what was just written: the token of one call makes another as fresh.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	pb "bulletin/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	ctx := context.Background()
	stations := pb.NewStationServiceClient(channel)
	station := &pb.Station{DisplayName: "江北派出所", Kind: pb.Station_POLICE_STATION}
	request := &pb.CreateStationRequest{StationId: "fresh-go", Station: station}
	var header metadata.MD
	created, err := stations.CreateStation(ctx, request, grpc.Header(&header))
	if err != nil {
		log.Fatal(err)
	}
	token := header.Get("bulletin-token")[0]
	read, err := stations.GetStation(ctx, &pb.GetStationRequest{
		Name:        created.Name,
		Consistency: &pb.Consistency{Requirement: &pb.Consistency_AtLeastAsFresh{AtLeastAsFresh: token}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(read.Name, read.DisplayName)
}
