#!/usr/bin/env python3
"""Writes what a running service reads of texts, in the form that a scorer of hand-made labels takes.

  predict.py TEXTS PREDICTIONS [--bulletin PROGRAM] [--addr HOST:PORT]

TEXTS is a folder of NNN.txt. Each is sent to IngestBulletin with validate_only, so that nothing is
written; what is answered goes to PREDICTIONS/NNN.json with the keys headline, byline, stations,
statistics and honours. Standard library only.
"""

import argparse
import json
import pathlib
import subprocess


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("predictions", type=pathlib.Path)
    parser.add_argument("--bulletin", default="target/release/bulletin")
    parser.add_argument("--addr", default="127.0.0.1:50051")
    asked = parser.parse_args()
    files = sorted(asked.texts.glob("*.txt"))
    command = [asked.bulletin, "ingest", "--addr", asked.addr, "--validate-only", "--output", "json"]
    run = subprocess.run([*command, *map(str, files)], stdout=subprocess.PIPE, check=True, text=True)
    lines = run.stdout.splitlines()
    if len(lines) != len(files):
        raise SystemExit(f"{len(files)} texts, {len(lines)} answers")
    asked.predictions.mkdir(parents=True, exist_ok=True)
    for file, line in zip(files, lines):
        prediction = {"id": file.stem, **predict(json.loads(line))}
        target = asked.predictions / f"{file.stem}.json"
        target.write_text(json.dumps(prediction, ensure_ascii=False, indent=1), encoding="utf-8")


def predict(read):
    articles = read.get("articles", [])
    # A headline that is not printed is made of the text's first words.
    headlines = [
        article.get("headline")
        for article in articles
        if not ("headline" in article.get("inferred", []) and "kicker" not in article)
    ]
    return {
        "headline": headlines[0] if headlines else None,
        "byline": [byline["displayName"] for article in articles for byline in article.get("bylines", []) if writes(byline)],
        "stations": [mention["surface"] for article in articles for mention in article.get("mentions", []) if names(mention)],
        "statistics": [statistic(figure) for figure in read.get("statistics", [])],
        "honours": [
            {"honour": honour["title"], "unit": ", ".join(honour.get("recipients", []))}
            for article in articles
            for honour in article.get("honours", [])
            if honour["state"] == "AWARDED"
        ],
    }


def writes(byline):
    """Labels name reporters, correspondents, interns and authors."""
    return byline["role"] not in ("EDITOR", "PHOTOGRAPHER")


def names(mention):
    """Labels hold names, not words that point back to one."""
    return not mention["surface"].startswith(("该", "本", "此", "我"))


def decimal(value):
    return value.get("value", "0") if value is not None else None


def statistic(figure):
    quantity = figure["quantity"]
    fragments = figure["span"]["fragments"]
    prediction = {
        "quote": figure["span"]["quote"],
        "start": fragments[0].get("start", 0),
        "end": fragments[-1]["end"],
        "value": decimal(quantity.get("value")),
        "value_max": decimal(quantity.get("valueMax")),
        "unit": quantity.get("unit", ""),
        "metric": figure["metric"],
        "qualifier": figure["qualifier"],
    }
    change = figure.get("change")
    if change and "previousValue" in change:
        prediction["previous_value"] = {"value": decimal(change["previousValue"])}
    if change and "delta" in change and not change.get("deltaComputed"):
        unit = change.get("deltaUnit", "")
        prediction["change"] = {"value": decimal(change["delta"]), "direction": change["direction"], "unit": unit}
    return prediction


if __name__ == "__main__":
    main()
