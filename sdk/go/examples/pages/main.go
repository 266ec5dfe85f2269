// Lists what a filter lets through, page by page to the end.
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
	statistics := pb.NewStatisticServiceClient(channel)
	request := &pb.ListStatisticsRequest{
		Parent:   "articles/-",
		Filter:   "assertion = REPORTED AND quantity.value >= 5000",
		PageSize: 2,
	}
	show := func(page *pb.ListStatisticsResponse) error {
		for _, statistic := range page.Statistics {
			fmt.Println(statistic.Metric, statistic.GetQuantity().GetAsWritten())
		}
		return nil
	}
	if err := bulletin.Pages(context.Background(), statistics.ListStatistics, request, show); err != nil {
		log.Fatal(err)
	}
}
