// Serves articles as one would in Go, to be measured beside Bulletin.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "peer/bulletin/v1"
)

const (
	poolSize        = 8
	pageSizeDefault = 50
	pageSizeMax     = 1000
	// So that a page is a message that clients take by default.
	pageBytesMax = 3 << 20
)

// What a view reads of an article. The first basic_length bytes of a record are its BASIC view.
var columns = map[pb.View]string{
	pb.View_VIEW_BASIC:  "substr(record, 1, basic_length), ''",
	pb.View_VIEW_FULL:   "record, ''",
	pb.View_VIEW_SOURCE: "record, coalesce((select text from sources where sha256 = source_sha256), '')",
}

type articleService struct {
	pb.UnimplementedArticleServiceServer
	pool *pgxpool.Pool
}

func (service *articleService) GetArticle(ctx context.Context, request *pb.GetArticleRequest) (*pb.Article, error) {
	view, err := viewColumns(request.View, pb.View_VIEW_FULL)
	if err != nil {
		return nil, err
	}
	row := service.pool.QueryRow(ctx, "select "+view+" from articles where name = $1", request.Name)
	article, _, err := readArticle(row)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, status.Errorf(codes.NotFound, "article %q does not exist", request.Name)
	}
	if err != nil {
		return nil, failed(ctx, err)
	}
	return article, nil
}

func (service *articleService) ListArticles(
	ctx context.Context, request *pb.ListArticlesRequest,
) (*pb.ListArticlesResponse, error) {
	if request.Filter != "" || request.OrderBy != "" || request.ShowDeleted || request.Total != 0 {
		return nil, status.Error(codes.Unimplemented, "filter, order_by, show_deleted and total are not served here")
	}
	view, err := viewColumns(request.View, pb.View_VIEW_BASIC)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(request.PageSize)
	if err != nil {
		return nil, err
	}
	after, err := base64.URLEncoding.DecodeString(request.PageToken)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "page_token is not of this list")
	}
	// The limit is written out: with a parameter Postgres would plan each call anew.
	statement := fmt.Sprintf(
		"select %s from articles where name > $1 and not is_deleted order by name limit %d", view, size+1)
	rows, err := service.pool.Query(ctx, statement, string(after))
	if err != nil {
		return nil, failed(ctx, err)
	}
	defer rows.Close()
	page, err := readPage(rows, size)
	if err != nil {
		return nil, failed(ctx, err)
	}
	return page, nil
}

// readPage reads one row more than the page may have, to know whether there is a next page.
func readPage(rows pgx.Rows, size int) (*pb.ListArticlesResponse, error) {
	page := &pb.ListArticlesResponse{Articles: make([]*pb.Article, 0, size)}
	bytes := 0
	for rows.Next() {
		article, length, err := readArticle(rows)
		if err != nil {
			return nil, err
		}
		bytes += length
		count := len(page.Articles)
		if count == size || count > 0 && bytes > pageBytesMax {
			page.NextPageToken = base64.URLEncoding.EncodeToString([]byte(page.Articles[count-1].Name))
			break
		}
		page.Articles = append(page.Articles, article)
	}
	return page, rows.Err()
}

// readArticle reads the two columns of a view, and tells how many bytes they have.
func readArticle(row pgx.Row) (*pb.Article, int, error) {
	var record []byte
	var text string
	if err := row.Scan(&record, &text); err != nil {
		return nil, 0, err
	}
	article := new(pb.Article)
	if err := proto.Unmarshal(record, article); err != nil {
		return nil, 0, err
	}
	article.SourceText = text
	return article, len(record) + len(text), nil
}

func viewColumns(view, unset pb.View) (string, error) {
	if view == pb.View_VIEW_UNSPECIFIED {
		view = unset
	}
	columns, known := columns[view]
	if !known {
		return "", status.Errorf(codes.InvalidArgument, "view has no value %d", view)
	}
	return columns, nil
}

func pageSize(asked int32) (int, error) {
	switch {
	case asked < 0:
		return 0, status.Errorf(codes.InvalidArgument, "page_size must not be negative, got %d", asked)
	case asked == 0:
		return pageSizeDefault, nil
	case asked > pageSizeMax:
		return pageSizeMax, nil
	}
	return int(asked), nil
}

// failed logs what happened: a client learns no more than that it was not its fault.
func failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	log.Print(err)
	return status.Error(codes.Internal, "the database did not answer")
}

func connect(ctx context.Context) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return nil, err
	}
	config.MaxConns = poolSize
	config.MinConns = poolSize
	return pgxpool.ConnectConfig(ctx, config)
}

func serve(listen string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pool, err := connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := grpc.NewServer(
		// Goroutines that are kept have grown their stacks already.
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	pb.RegisterArticleServiceServer(server, &articleService{pool: pool})
	go func() {
		<-ctx.Done()
		server.GracefulStop()
	}()
	fmt.Printf("serving on %s\n", listener.Addr())
	return server.Serve(listener)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to serve on; port 0 takes a free one")
	flag.Parse()
	if err := serve(*listen); err != nil {
		log.Fatal(err)
	}
}
