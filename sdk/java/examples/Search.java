import static bulletin.Texts.cut;

import bulletin.v1.ArticleServiceGrpc;
import bulletin.v1.Fragment;
import bulletin.v1.SearchArticlesRequest;
import bulletin.v1.View;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.List;

/** Searches articles, and cuts the words that were found out of their paragraphs. */
class Search {
    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            var request = SearchArticlesRequest.newBuilder()
                    .setQuery("枫桥经验")
                    .setFilter("headline:\"派出所\"")
                    .setView(View.VIEW_FULL)
                    .build();
            var found = ArticleServiceGrpc.newBlockingStub(channel).searchArticles(request);
            for (var result : found.getResultsList()) {
                System.out.println(result.getArticle().getName());
                for (var highlight : result.getHighlightsList()) {
                    if (!highlight.getField().equals("paragraphs")) {
                        continue;
                    }
                    String text = result.getArticle().getParagraphs(highlight.getIndex()).getText();
                    System.out.print(highlight.getIndex());
                    for (Fragment fragment : highlight.getFragmentsList()) {
                        System.out.print(" " + cut(text, List.of(fragment)));
                    }
                    System.out.println();
                }
            }
        } finally {
            channel.shutdown();
        }
    }
}
