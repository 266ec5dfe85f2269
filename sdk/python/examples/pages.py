"""Lists what a filter lets through, page by page to the end."""

import os

import grpc
from bulletin import pages
from bulletin.v1.statistic_service_pb2 import ListStatisticsRequest
from bulletin.v1.statistic_service_pb2_grpc import StatisticServiceStub

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    request = ListStatisticsRequest(
        parent="articles/-", filter="assertion = REPORTED AND quantity.value >= 5000", page_size=2
    )
    for page in pages(StatisticServiceStub(channel).ListStatistics, request):
        for statistic in page.statistics:
            print(statistic.metric, statistic.quantity.as_written)
