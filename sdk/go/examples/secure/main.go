// Calls by TLS, as somebody whom a token names.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	pb "bulletin/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// tokenFile is read at each call, so that a new token counts at once.
type tokenFile string

func (file tokenFile) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := os.ReadFile(string(file))
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + strings.TrimSpace(string(token))}, nil
}

func (tokenFile) RequireTransportSecurity() bool { return true }

func dial(options ...grpc.DialOption) *grpc.ClientConn {
	tls, err := credentials.NewClientTLSFromFile(os.Getenv("BULLETIN_CA"), "")
	if err != nil {
		log.Fatal(err)
	}
	channel, err := grpc.Dial(os.Getenv("BULLETIN_ADDR"), append(options, grpc.WithTransportCredentials(tls))...)
	if err != nil {
		log.Fatal(err)
	}
	return channel
}

func main() {
	ctx := context.Background()
	channel := dial(grpc.WithPerRPCCredentials(tokenFile(os.Getenv("BULLETIN_TOKEN_FILE"))))
	defer channel.Close()
	stations := pb.NewStationServiceClient(channel)
	request := &pb.GetStationRequest{Name: "stations/zhenhai-branch"}
	station, err := stations.GetStation(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(station.Name)
	_, err = stations.DeleteStation(ctx, &pb.DeleteStationRequest{Name: station.Name})
	if status.Code(err) != codes.PermissionDenied {
		log.Fatal(err)
	}
	fmt.Println("a reader may not write")

	nobody := dial()
	defer nobody.Close()
	_, err = pb.NewStationServiceClient(nobody).GetStation(ctx, request)
	if status.Code(err) != codes.Unauthenticated {
		log.Fatal(err)
	}
	fmt.Println("nobody may read without a token")
}
