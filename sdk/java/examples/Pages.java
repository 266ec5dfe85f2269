import static bulletin.Lists.pages;

import bulletin.v1.ListStatisticsRequest;
import bulletin.v1.ListStatisticsResponse;
import bulletin.v1.Statistic;
import bulletin.v1.StatisticServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;

/** Lists what a filter lets through, page by page to the end. */
class Pages {
    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            var statistics = StatisticServiceGrpc.newBlockingStub(channel);
            var request = ListStatisticsRequest.newBuilder()
                    .setParent("articles/-")
                    .setFilter("assertion = REPORTED AND quantity.value >= 5000")
                    .setPageSize(2)
                    .build();
            for (ListStatisticsResponse page : pages(statistics::listStatistics, request)) {
                for (Statistic statistic : page.getStatisticsList()) {
                    System.out.println(statistic.getMetric() + " " + statistic.getQuantity().getAsWritten());
                }
            }
        } finally {
            channel.shutdown();
        }
    }
}
