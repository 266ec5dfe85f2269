"""Adds up what may be added; of the rest the service says why not."""

import os

import grpc
from bulletin.v1.statistic_pb2 import Statistic
from bulletin.v1.statistic_service_pb2 import AggregateStatisticsRequest, AggregateStatisticsResponse
from bulletin.v1.statistic_service_pb2_grpc import StatisticServiceStub

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    request = AggregateStatisticsRequest(
        parent="articles/-", filter="assertion = REPORTED", function=AggregateStatisticsRequest.SUM
    )
    for group in StatisticServiceStub(channel).AggregateStatistics(request).groups:
        if group.HasField("refusal"):
            reason = AggregateStatisticsResponse.Refusal.Reason.Name(group.refusal.reason)
            print(group.count, group.unit, reason)
        else:
            print(group.count, group.unit, group.value.value, Statistic.Qualifier.Name(group.qualifier))
