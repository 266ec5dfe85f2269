import grpc
from bulletin import cut
from bulletin.v1.article_pb2 import Article, Paragraph
from bulletin.v1.article_service_pb2 import (
    CreateArticleRequest,
    PublishArticleRequest,
    SearchArticlesRequest,
    SearchArticlesResponse,
)
from bulletin.v1.article_service_pb2_grpc import ArticleServiceStub
from bulletin.v1.reading_pb2 import VIEW_FULL, Consistency

QUERY = "枫桥经验"


def found(result: SearchArticlesResponse.Result) -> list[str]:
    """What the highlights cut out of the paragraphs."""
    paragraphs = result.article.paragraphs
    return [
        cut(paragraphs[one.index].text, [fragment])
        for one in result.highlights
        if one.field == "paragraphs"
        for fragment in one.fragments
    ]


def test_highlights_cut_the_words_out_of_the_paragraphs(channel: grpc.Channel) -> None:
    stub = ArticleServiceStub(channel)
    results = stub.SearchArticles(SearchArticlesRequest(query=QUERY, view=VIEW_FULL)).results
    assert "articles/paichusuo-work-conference" in [one.article.name for one in results]
    for result in results:
        pieces = found(result)
        assert pieces and all(piece and piece in QUERY for piece in pieces), pieces


def test_highlights_count_code_points(channel: grpc.Channel) -> None:
    stub = ArticleServiceStub(channel)
    # Characters beyond the 16 bits that some languages count by, before the words.
    text = f"𠮷𠮷说，要推广{QUERY}。"
    article = Article(headline="𠮷", paragraphs=[Paragraph(text=text, kind=Paragraph.BODY)])
    stub.CreateArticle(CreateArticleRequest(article_id="astral-python", article=article))
    name = "articles/astral-python"
    _, call = stub.PublishArticle.with_call(PublishArticleRequest(name=name))
    token = dict(call.initial_metadata())["bulletin-token"]
    request = SearchArticlesRequest(
        query=QUERY, view=VIEW_FULL, consistency=Consistency(at_least_as_fresh=str(token))
    )
    results = [one for one in stub.SearchArticles(request).results if one.article.name == name]
    assert len(results) == 1
    # One word or two: together they are what was asked for.
    assert "".join(found(results[0])) == QUERY
