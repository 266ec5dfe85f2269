// Searches articles, and cuts the words that were found out of their paragraphs.
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
	articles := pb.NewArticleServiceClient(channel)
	found, err := articles.SearchArticles(context.Background(), &pb.SearchArticlesRequest{
		Query:  "枫桥经验",
		Filter: `headline:"派出所"`,
		View:   pb.View_VIEW_FULL,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, result := range found.Results {
		fmt.Println(result.Article.Name)
		for _, highlight := range result.Highlights {
			if highlight.Field != "paragraphs" {
				continue
			}
			text := result.Article.Paragraphs[highlight.Index].Text
			fmt.Print(highlight.Index)
			for _, fragment := range highlight.Fragments {
				fmt.Print(" ", bulletin.Cut(text, fragment))
			}
			fmt.Println()
		}
	}
}
