import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import grpc
import pytest
from bulletin import cut, error_of, pages
from bulletin.v1 import article_service_pb2, change_service_pb2, statistic_service_pb2
from bulletin.v1.article_service_pb2_grpc import ArticleServiceStub
from bulletin.v1.change_service_pb2_grpc import ChangeServiceStub
from bulletin.v1.reading_pb2 import VIEW_SOURCE
from bulletin.v1.span_pb2 import Fragment
from bulletin.v1.statistic_pb2 import Statistic
from bulletin.v1.statistic_service_pb2_grpc import StatisticServiceStub
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

ARTICLE = "articles/traffic-police-tieqi-grid-reform"


def test_an_article_comes_with_the_token_of_what_it_was_read_from(channel: grpc.Channel) -> None:
    request = article_service_pb2.GetArticleRequest(name=ARTICLE, view=VIEW_SOURCE)
    article, call = ArticleServiceStub(channel).GetArticle.with_call(request)
    token = dict(call.initial_metadata())["bulletin-token"]
    assert isinstance(token, str) and re.fullmatch(r"\d+-[0-9a-f]{16}", token)
    head = ChangeServiceStub(channel).GetHead(change_service_pb2.GetHeadRequest())
    # The other client's tests may have written since.
    assert int(token.split("-")[0]) <= int(head.token.split("-")[0])
    assert cut(article.source_text, article.headline_span.fragments) == article.headline_span.quote
    for paragraph in article.paragraphs:
        assert cut(article.source_text, paragraph.fragments) == paragraph.text


def test_small_pages_hold_what_one_page_holds(channel: grpc.Channel) -> None:
    stub = StatisticServiceStub(channel)
    request = statistic_service_pb2.ListStatisticsRequest(
        parent="articles/-", filter="assertion = REPORTED", page_size=1000
    )
    whole = stub.ListStatistics(request)
    assert not whole.next_page_token
    request.page_size = 3
    parts = list(pages(stub.ListStatistics, request))
    assert len(parts) > 3 and all(len(part.statistics) <= 3 for part in parts)
    assert [one for part in parts for one in part.statistics] == list(whole.statistics)
    assert {one.assertion for one in whole.statistics} == {Statistic.REPORTED}
    assert not request.page_token


def test_a_sum_is_as_exact_as_what_was_added(channel: grpc.Channel) -> None:
    request = statistic_service_pb2.AggregateStatisticsRequest(
        parent="articles/-",
        filter='subject:"非机动车"',
        function=statistic_service_pb2.AggregateStatisticsRequest.SUM,
    )
    groups = StatisticServiceStub(channel).AggregateStatistics(request).groups
    sums = [group for group in groups if group.assertion == Statistic.REPORTED and group.unit == "起"]
    assert [(one.value.value, one.qualifier, one.bound.value) for one in sums] == [
        ("88112", Statistic.APPROXIMATE, "100")
    ]


def test_an_error_is_read_back_with_its_details(channel: grpc.Channel) -> None:
    request = statistic_service_pb2.ListStatisticsRequest(parent="articles/-", filter="metrc = 1")
    with pytest.raises(grpc.RpcError) as caught:
        StatisticServiceStub(channel).ListStatistics(request)
    error = error_of(caught.value)
    assert error is not None
    assert (error.code, error.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "FILTER_INVALID")
    assert [one.field for one in error.violations] == ["filter"]
    # The sentence says what was wrong, and what is allowed.
    assert '"metrc"' in error.violations[0].description and '"metric"' in error.violations[0].description
    assert error.violations[0].description in error.message


def test_a_failure_that_is_not_the_services_has_no_error_of_it() -> None:
    with grpc.insecure_channel("127.0.0.1:1") as nowhere, pytest.raises(grpc.RpcError) as caught:
        ChangeServiceStub(nowhere).GetHead(change_service_pb2.GetHeadRequest())
    assert error_of(caught.value) is None


@pytest.mark.parametrize("delay", [None, timedelta(seconds=1.5)])
def test_an_error_says_how_long_to_wait(delay: timedelta | None) -> None:
    details: list[Message] = [ErrorInfo(domain="bulletin.v1", reason="OVERLOADED")]
    if delay is not None:
        retry_delay = Duration()
        retry_delay.FromTimedelta(delay)
        details.append(RetryInfo(retry_delay=retry_delay))
    status = Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="busy")
    for detail in details:
        status.details.add().Pack(detail)

    def refuse(request: bytes, context: grpc.ServicerContext) -> bytes:
        context.abort_with_status(rpc_status.to_status(status))
        raise AssertionError("it was aborted")

    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"GetHead": grpc.unary_unary_rpc_method_handler(refuse)}
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("bulletin.v1.ChangeService", methods)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as busy, pytest.raises(grpc.RpcError) as caught:
        ChangeServiceStub(busy).GetHead(change_service_pb2.GetHeadRequest())
    server.stop(None)
    error = error_of(caught.value)
    assert error is not None
    assert (error.reason, error.retry_delay) == ("OVERLOADED", delay)


def test_places_count_code_points() -> None:
    assert cut("𠮷野家", [Fragment(start=1, end=3)]) == "野家"
    assert cut("近300个", [Fragment(start=0, end=1), Fragment(start=4, end=5)]) == "近个"
