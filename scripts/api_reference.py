"""Writes the API reference from the comments of proto/, as a plugin that buf runs: a page a file, and an index.

`scripts/api-reference` runs it; docs/api is what it writes.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath

# Imported for its extensions: field behaviours are known only once it is.
from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse

Field = descriptor_pb2.FieldDescriptorProto
# Numbers of fields in descriptor.proto, which paths to comments are made of.
MESSAGES, ENUMS, SERVICES = 4, 5, 6
FIELDS, NESTED_MESSAGES, NESTED_ENUMS, ONEOFS = 2, 3, 4, 8
VALUES, METHODS = 2, 2

SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in Field.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
KNOWN_ELSEWHERE = {
    "google.protobuf.": "https://protobuf.dev/reference/protobuf/google.protobuf/#",
    "google.type.": "https://google.aip.dev/213#",
}
CODES = re.compile(
    r"^(INVALID_ARGUMENT|NOT_FOUND|ALREADY_EXISTS|ABORTED|FAILED_PRECONDITION|OUT_OF_RANGE|PERMISSION_DENIED"
    r"|RESOURCE_EXHAUSTED|UNAVAILABLE)\b"
)


@dataclass
class Page:
    file: descriptor_pb2.FileDescriptorProto
    comments: dict[tuple[int, ...], str]

    @property
    def name(self) -> str:
        return PurePosixPath(self.file.name).stem

    def comment(self, *path: int) -> str:
        return self.comments.get(path, "")


def page_of(file: descriptor_pb2.FileDescriptorProto) -> Page:
    located = file.source_code_info.location
    return Page(file, {tuple(at.path): at.leading_comments for at in located if at.leading_comments})


def paragraphs(comment: str) -> list[str]:
    """Paragraphs of a comment, those lines apart that name the codes of an RPC."""
    found: list[list[str]] = [[]]
    for line in comment.splitlines():
        line = line.strip()
        if not line or CODES.match(line) and not CODES.match((found[-1] or [""])[0]):
            found.append([])
        if line:
            found[-1].append(line)
    texts = [" ".join(lines) for lines in found if lines]
    return [f"**Errors**: {text}" if CODES.match(text) else text for text in texts]


def cell(comment: str) -> str:
    return " ".join(comment.split()).replace("|", r"\|")


class Reference:
    def __init__(self, request: CodeGeneratorRequest) -> None:
        files = [file for file in request.proto_file if file.name in request.file_to_generate]
        self.pages = [page_of(file) for file in sorted(files, key=lambda file: file.name)]
        # Full name → what it is called within its package, and the page it is on.
        self.places: dict[str, tuple[str, str]] = {}
        for page in self.pages:
            package = f".{page.file.package}."
            for message in page.file.message_type:
                self._place(package, page, message)
            for enum in page.file.enum_type:
                self.places[package + enum.name] = (enum.name, page.name)

    def _place(self, scope: str, page: Page, message: descriptor_pb2.DescriptorProto, within: str = "") -> None:
        name = within + message.name
        self.places[scope + name] = (name, page.name)
        for enum in message.enum_type:
            self.places[f"{scope}{name}.{enum.name}"] = (f"{name}.{enum.name}", page.name)
        for nested in message.nested_type:
            self._place(scope, page, nested, f"{name}.")

    def link(self, type_name: str, page: Page) -> str:
        if type_name in self.places:
            name, home = self.places[type_name]
            file = "" if home == page.name else f"{home}.md"
            return f"[`{name}`]({file}#{name.lower().replace('.', '')})"
        name = type_name.removeprefix(".")
        for prefix, address in KNOWN_ELSEWHERE.items():
            if name.startswith(prefix):
                anchor = name.removeprefix(prefix).lower() if "protobuf" in prefix else ""
                return f"[`{name}`]({address.removesuffix('#') if not anchor else address + anchor})"
        return f"`{name}`"

    def type_of(self, field: Field, message: descriptor_pb2.DescriptorProto, page: Page) -> str:
        entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
        entry = entries.get(field.type_name.rsplit(".", 1)[-1])
        if entry is not None:
            key, value = (self.type_of(part, entry, page) for part in entry.field)
            return f"map of {key} to {value}"
        plain = f"`{SCALARS[field.type]}`" if field.type in SCALARS else self.link(field.type_name, page)
        return f"repeated {plain}" if field.label == Field.LABEL_REPEATED else plain

    def enum(self, page: Page, enum: descriptor_pb2.EnumDescriptorProto, name: str, *path: int) -> list[str]:
        lines = [f"### {name}", "", *spaced(paragraphs(page.comment(*path))), "| value | | meaning |", "|---|---|---|"]
        for at, value in enumerate(enum.value):
            lines.append(f"| `{value.name}` | {value.number} | {cell(page.comment(*path, VALUES, at))} |")
        return [*lines, ""]

    def message(self, page: Page, message: descriptor_pb2.DescriptorProto, within: str, *path: int) -> list[str]:
        name = within + message.name
        lines = [f"### {name}", "", *spaced(paragraphs(page.comment(*path)))]
        if message.field:
            lines += ["| field | type | | meaning |", "|---|---|---|---|"]
        for at, field in enumerate(message.field):
            behaviours = field.options.Extensions[field_behavior_pb2.field_behavior]
            said = [field_behavior_pb2.FieldBehavior.Name(behaviour).lower().replace("_", " ") for behaviour in behaviours]
            meaning = cell(page.comment(*path, FIELDS, at))
            if field.HasField("oneof_index") and not field.proto3_optional:
                said.append(f"one of `{message.oneof_decl[field.oneof_index].name}`")
            type_name = self.type_of(field, message, page)
            lines.append(f"| `{field.name}` {field.number} | {type_name} | {', '.join(said)} | {meaning} |")
        for at, oneof in enumerate(message.oneof_decl):
            if comment := cell(page.comment(*path, ONEOFS, at)):
                lines += ["", f"`{oneof.name}`: {comment}"]
        lines.append("")
        for at, enum in enumerate(message.enum_type):
            lines += self.enum(page, enum, f"{name}.{enum.name}", *path, NESTED_ENUMS, at)
        for at, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                lines += self.message(page, nested, f"{name}.", *path, NESTED_MESSAGES, at)
        return lines

    def service(self, page: Page, service: descriptor_pb2.ServiceDescriptorProto, *path: int) -> list[str]:
        lines = spaced(paragraphs(page.comment(*path)))
        lines += ["| RPC | takes | returns |", "|---|---|---|"]
        for method in service.method:
            takes, returns = self.link(method.input_type, page), self.link(method.output_type, page)
            takes = f"stream of {takes}" if method.client_streaming else takes
            returns = f"stream of {returns}" if method.server_streaming else returns
            lines.append(f"| [{method.name}](#{method.name.lower()}) | {takes} | {returns} |")
        lines.append("")
        for at, method in enumerate(service.method):
            lines += [f"### {method.name}", "", f"`{page.file.package}.{service.name}/{method.name}`", ""]
            lines += spaced(paragraphs(page.comment(*path, METHODS, at)))
        return lines

    def text(self, page: Page) -> str:
        services = list(enumerate(page.file.service))
        title = ", ".join(service.name for _, service in services) or page.name.replace("_", " ").capitalize()
        lines = [f"# {title}", "", f"From `proto/{page.file.name}`. [All pages](README.md)", ""]
        for at, service in services:
            lines += self.service(page, service, SERVICES, at)
        if services and page.file.message_type:
            lines += ["## Messages", ""]
        for at, message in enumerate(page.file.message_type):
            lines += self.message(page, message, "", MESSAGES, at)
        for at, enum in enumerate(page.file.enum_type):
            lines += self.enum(page, enum, enum.name, ENUMS, at)
        return "\n".join(lines).rstrip() + "\n"

    def index(self) -> str:
        lines = ["# API reference", "", "Made from the comments of `proto/` by `scripts/api-reference`.", ""]
        lines += ["| service | RPCs |", "|---|---|"]
        for page in self.pages:
            for service in page.file.service:
                methods = ", ".join(f"[{each.name}]({page.name}.md#{each.name.lower()})" for each in service.method)
                lines.append(f"| [{service.name}]({page.name}.md) | {methods} |")
        lines += ["", "| records and what they are made of | |", "|---|---|"]
        for page in self.pages:
            if not page.file.service:
                names = [each.name for each in (*page.file.message_type, *page.file.enum_type)]
                links = ", ".join(f"[{name}]({page.name}.md#{name.lower()})" for name in names)
                lines.append(f"| [{page.name}]({page.name}.md) | {links} |")
        return "\n".join(lines) + "\n"


def spaced(texts: list[str]) -> list[str]:
    return [line for text in texts for line in (text, "")]


def main() -> None:
    reference = Reference(CodeGeneratorRequest.FromString(sys.stdin.buffer.read()))
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    response.file.add(name="README.md", content=reference.index())
    for page in reference.pages:
        response.file.add(name=f"{page.name}.md", content=reference.text(page))
    sys.stdout.buffer.write(response.SerializeToString())


main()
