import bulletin.v1.AggregateStatisticsRequest;
import bulletin.v1.StatisticServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;

/** Adds up what may be added; of the rest the service says why not. */
class Aggregate {
    public static void main(String[] arguments) {
        ManagedChannel channel =
                ManagedChannelBuilder.forTarget(System.getenv("BULLETIN_ADDR")).usePlaintext().build();
        try {
            var request = AggregateStatisticsRequest.newBuilder()
                    .setParent("articles/-")
                    .setFilter("assertion = REPORTED")
                    .setFunction(AggregateStatisticsRequest.Function.SUM)
                    .build();
            var sums = StatisticServiceGrpc.newBlockingStub(channel).aggregateStatistics(request);
            for (var group : sums.getGroupsList()) {
                String sum = group.hasRefusal()
                        ? group.getRefusal().getReason().name()
                        : group.getValue().getValue() + " " + group.getQualifier().name();
                System.out.println(group.getCount() + " " + group.getUnit() + " " + sum);
            }
        } finally {
            channel.shutdown();
        }
    }
}
