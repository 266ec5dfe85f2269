// Adds up what may be added; of the rest the service says why not.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	pb "bulletin/v1"
	"google.golang.org/grpc"
)

func main() {
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	statistics := pb.NewStatisticServiceClient(channel)
	sums, err := statistics.AggregateStatistics(context.Background(), &pb.AggregateStatisticsRequest{
		Parent:   "articles/-",
		Filter:   "assertion = REPORTED",
		Function: pb.AggregateStatisticsRequest_SUM,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, group := range sums.Groups {
		if group.Refusal != nil {
			fmt.Println(group.Count, group.Unit, group.Refusal.Reason)
		} else {
			fmt.Println(group.Count, group.Unit, group.Value.Value, group.Qualifier)
		}
	}
}
