"""Searches articles, and cuts the words that were found out of their paragraphs."""

import os

import grpc
from bulletin import cut
from bulletin.v1.article_service_pb2 import SearchArticlesRequest
from bulletin.v1.article_service_pb2_grpc import ArticleServiceStub
from bulletin.v1.reading_pb2 import VIEW_FULL

with grpc.insecure_channel(os.environ["BULLETIN_ADDR"]) as channel:
    request = SearchArticlesRequest(query="枫桥经验", filter='headline:"派出所"', view=VIEW_FULL)
    for result in ArticleServiceStub(channel).SearchArticles(request).results:
        print(result.article.name)
        for highlight in result.highlights:
            if highlight.field == "paragraphs":
                text = result.article.paragraphs[highlight.index].text
                print(highlight.index, *(cut(text, [one]) for one in highlight.fragments))
