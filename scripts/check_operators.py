"""What scripts/check_manifests.py knows of the kinds that operators bring, and of the document's examples of them."""

import copy
import re
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import yaml

SCHEMAS = yaml.safe_load((Path(__file__).parent / "custom_kinds.yaml").read_text())
# Of PostgreSQL and PgBouncer, and what the operator asks its servers at.
PORTS = {5432, 8000}
DATABASE_PORT = 5432


def kind_of(one):
    return f"{one['apiVersion']} {one['kind']}"


def is_custom(one):
    return kind_of(one) in SCHEMAS


def schema_faults(one):
    """What is wrong with an object of an operator's kind."""
    if not is_custom(one):
        return []
    beside = one.keys() - {"apiVersion", "kind", "metadata", "spec"}
    found = [f"{name} is no field" for name in sorted(beside)]
    schema = {"type": "object", **SCHEMAS[kind_of(one)]}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(one.get("spec", {})):
        found.append(f"spec.{'.'.join(map(str, error.path))}: {error.message}")
    return found


def pods(manifests):
    """Labels of pods that operators make, by the object they make them of."""
    found = {}
    for one in manifests.of_kind("Cluster"):
        name = one["metadata"]["name"]
        found[name] = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}
    for one in manifests.of_kind("Pooler"):
        name = one["metadata"]["name"]
        found[name] = {"cnpg.io/poolerName": name, "cnpg.io/podRole": "pooler"}
    return found


def provided(manifests):
    """Keys of secrets that operators make."""
    found = set()
    for one in manifests.of_kind("Certificate"):
        found |= {("Secret", one["spec"]["secretName"], key) for key in ("tls.crt", "tls.key", "ca.crt")}
    for one in manifests.of_kind("Cluster"):
        name = one["metadata"]["name"]
        found |= {("Secret", f"{name}-app", key) for key in ("username", "password", "uri")}
        found |= {("Secret", f"{name}-ca", "ca.crt")}
    return found


def asked_for(manifests):
    """Keys of secrets that objects of operators name."""
    found = set()
    for one in manifests.of_kind("ObjectStore"):
        for part in one["spec"]["configuration"]["s3Credentials"].values():
            found.add(("Secret", part["name"], part["key"]))
    for one in manifests.of_kind("Cluster"):
        for role in one["spec"].get("managed", {}).get("roles", []):
            found |= {("Secret", role["passwordSecret"]["name"], key) for key in ("username", "password")}
    return found


def check(manifests):
    for kind, name, key in sorted(asked_for(manifests)):
        manifests.check_provided("Cluster, ObjectStore", kind, name, key)
    check_certificates(manifests)
    check_monitoring(manifests)
    check_database(manifests)
    check_collector(manifests)


def names_of_service(name, namespace):
    return {name, f"{name}.{namespace}", f"{name}.{namespace}.svc"}


def check_certificates(manifests):
    issuers = {one["metadata"]["name"]: one["spec"] for one in manifests.of_kind("Issuer")}
    secrets = {one["spec"]["secretName"]: one["spec"] for one in manifests.of_kind("Certificate")}
    for one in manifests.of_kind("Certificate"):
        where, spec = f"Certificate {one['metadata']['name']}", one["spec"]
        if spec["issuerRef"].get("kind", "Issuer") == "Issuer" and spec["issuerRef"]["name"] not in issuers:
            manifests.fault(where, f"there is no Issuer {spec['issuerRef']['name']}")
        if spec.get("isCA"):
            continue
        wanted = names_of_service(one["metadata"]["name"], one["metadata"]["namespace"])
        if not wanted <= set(spec["dnsNames"]):
            manifests.fault(where, f"dnsNames lacks one of {sorted(wanted)}, which clients call")
    for name, spec in issuers.items():
        if "ca" in spec and not secrets.get(spec["ca"]["secretName"], {}).get("isCA"):
            manifests.fault(f"Issuer {name}", "no Certificate makes its authority")


def check_monitoring(manifests):
    for one in manifests.of_kind("ServiceMonitor"):
        where, spec = "ServiceMonitor", one["spec"]
        labels = spec["selector"]["matchLabels"]
        found = [
            service
            for service in manifests.of_kind("Service")
            if labels.items() <= service["metadata"].get("labels", {}).items()
        ]
        ports = [{port["name"] for port in service["spec"]["ports"]} for service in found]
        for endpoint in spec["endpoints"]:
            if len(found) != 1 or endpoint["port"] not in ports[0] or endpoint["path"] != "/metrics":
                manifests.fault(where, f"{endpoint} of {labels} are not the metrics of one Service")


def check_database(manifests):
    clusters = {one["metadata"]["name"]: one for one in manifests.of_kind("Cluster")}
    poolers = {one["metadata"]["name"]: one["spec"] for one in manifests.of_kind("Pooler")}
    stores = {one["metadata"]["name"] for one in manifests.of_kind("ObjectStore")}
    for one in manifests.of_kind("Pooler", "ScheduledBackup"):
        if one["spec"]["cluster"]["name"] not in clusters:
            manifests.fault(f"{one['kind']} {one['metadata']['name']}", "its cluster is not there")
    for name, one in clusters.items():
        where, spec = f"Cluster {name}", one["spec"]
        if not any(backup["spec"]["cluster"]["name"] == name for backup in manifests.of_kind("ScheduledBackup")):
            manifests.fault(where, "no ScheduledBackup backs it up")
        plugins = spec.get("plugins", []) + [server["plugin"] for server in spec.get("externalClusters", [])]
        for plugin in plugins:
            if plugin["parameters"]["barmanObjectName"] not in stores:
                manifests.fault(where, f"there is no ObjectStore for {plugin}")
        sources = {server["name"] for server in spec.get("externalClusters", [])}
        recovery = spec["bootstrap"].get("recovery")
        if recovery and recovery["source"] not in sources:
            manifests.fault(where, f"recovery is from {recovery['source']}, which is none of {sorted(sources)}")
        # Restored, it goes on with an archive of its own: that of the old one would refuse it.
        if any(server["plugin"]["parameters"].get("serverName") == name for server in spec.get("externalClusters", [])):
            manifests.fault(where, "it would be restored from the archive that it writes")
        synchronous = spec["postgresql"]["synchronous"]["number"]
        if synchronous > spec["instances"] - 2:
            manifests.fault(where, "writes would wait as soon as one server is gone")
        altogether = set(spec["certificates"]["serverAltDNSNames"])
        for pooler, of in poolers.items():
            missing = names_of_service(pooler, one["metadata"]["namespace"]) - altogether
            if of["cluster"]["name"] == name and missing:
                manifests.fault(where, f"serverAltDNSNames lacks {sorted(missing)}: the Pooler's names would not be proven")
        check_connections(manifests, where, spec, poolers)
        check_urls(manifests, where, one, poolers)


def check_connections(manifests, where, spec, poolers):
    """Every pod may take all the connections it is told to have."""
    settings = next(one["data"] for one in manifests.of_kind("ConfigMap") if "BULLETIN_LISTEN" in one["data"])
    scaler = manifests.of_kind("HorizontalPodAutoscaler")[0]["spec"]
    # Of the primary's: the poll, four for exports and watches that are behind, the committer's two.
    each = int(settings["BULLETIN_DATABASE_CONNECTIONS_MAX"]) + 7
    pods_most = scaler["maxReplicas"] + 1
    for pooler in poolers.values():
        most = int(pooler["pgbouncer"]["parameters"]["max_client_conn"])
        if most < pods_most * each:
            manifests.fault(where, f"PgBouncer takes {most} connections, {pods_most} pods may open {pods_most * each}")
        transaction = pooler["pgbouncer"]["poolMode"] == "transaction"
        if transaction != (settings.get("BULLETIN_DATABASE_POOLER") == "transaction"):
            manifests.fault(where, "BULLETIN_DATABASE_POOLER is not the Pooler's poolMode")
    most = int(spec["postgresql"]["parameters"]["max_connections"])
    pooled = sum(
        pooler["instances"] * int(pooler["pgbouncer"]["parameters"]["default_pool_size"]) for pooler in poolers.values()
    )
    # With one standby left, it has all that standbys are asked.
    standby = pods_most * each
    for kind, wanted in (("PgBouncer", pooled), ("reads of a single standby", standby)):
        if wanted + 20 > most:
            manifests.fault(where, f"max_connections {most} is short of {wanted} for {kind}, and 20 of the operator's")


def check_urls(manifests, where, cluster, poolers):
    """The document's URLs and roles are those of the manifests."""
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    bootstrap = cluster["spec"]["bootstrap"]
    database = (bootstrap.get("initdb") or bootstrap["recovery"])["database"]
    roles = {role["name"] for role in cluster["spec"]["managed"]["roles"]}
    document = manifests.document
    if manifests.name == "restored":
        # As its third step says.
        document = re.sub(r"bulletin-db\b", name, document)
    urls = dict(re.findall(r'--from-literal=(url|replica-urls)="(.+?)"', document))
    role = re.search(r"--from-literal=username=(\w+)", document)
    wanted = {"url": {pooler for pooler, of in poolers.items() if of["type"] == "rw"}, "replica-urls": {f"{name}-ro"}}
    for key, services in wanted.items():
        url = urlsplit(urls[key])
        hosts = {f"{service}.{namespace}" for service in services}
        found = (url.hostname, url.port, url.path, url.username)
        if url.hostname not in hosts or found[1:] != (DATABASE_PORT, f"/{database}", role[1]):
            manifests.fault("docs/operations.md", f"{key} leads to {found}, not to {sorted(hosts)} as {role[1]}")
    if roles != {role[1]}:
        manifests.fault(where, f"roles {sorted(roles)} are not the document's {role[1]}")
    migrate = manifests.named("Job", "bulletin-migrate")
    environment = migrate["spec"]["template"]["spec"]["containers"][0]["env"]
    granted = {one["name"]: one.get("value") for one in environment}.get("BULLETIN_GRANT_TO")
    if granted not in roles:
        manifests.fault("Job bulletin-migrate", f"BULLETIN_GRANT_TO is {granted}, the service connects as {role[1]}")


def check_collector(manifests):
    """Where traces go to, the network lets them."""
    for settings in manifests.of_kind("ConfigMap"):
        endpoint = settings["data"].get("BULLETIN_OTLP_ENDPOINT")
        if not endpoint:
            continue
        service, namespace = urlsplit(endpoint).hostname.split(".")[:2]
        ways = [
            (
                peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name"),
                peer["podSelector"]["matchLabels"].get("app.kubernetes.io/name"),
                port["port"],
            )
            for policy in manifests.of_kind("NetworkPolicy")
            for rule in policy["spec"].get("egress", [])
            for peer in rule["to"]
            for port in rule["ports"]
        ]
        if (namespace, service, urlsplit(endpoint).port) not in ways:
            manifests.fault("NetworkPolicy", f"no policy lets traces to {endpoint}: {ways}")


def examples(document):
    """What stands in the document as YAML."""
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", document, re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def client(document):
    found = [one for one in examples(document) if one.get("kind") == "Pod"]
    assert len(found) == 1, "docs/operations.md has one client's pod"
    return found[0]


def restored(production, document):
    """The production overlay after the second step of restoring: another name, and another beginning."""
    text = yaml.safe_dump_all(production)
    objects = list(yaml.safe_load_all(re.sub(r"bulletin-db\b", "bulletin-db-2", text)))
    change = [one for one in examples(document) if "bootstrap" in one]
    assert len(change) == 1, "docs/operations.md says once how a database is restored"
    cluster = next(one for one in objects if one["kind"] == "Cluster")
    cluster["spec"] |= copy.deepcopy(change[0])
    return objects


def client_faults(manifests, production):
    """The document's client is let in, by the network, the certificate and the audience."""
    manifests.check_schemas()
    if manifests.faults:
        return manifests.faults
    where, pod = "docs/operations.md, client", manifests.objects[0]
    container = pod["spec"]["containers"][0]
    environment = {one["name"]: one["value"] for one in container["env"]}
    files = manifests.files(where, pod["spec"], container)
    # Made by the commands below it, of one key.
    files["/etc/bulletin/ca/ca.crt"] = ("ConfigMap", "bulletin-ca", "ca.crt")
    for name in ("BULLETIN_CA", "BULLETIN_TOKEN_FILE"):
        if environment[name] not in files:
            manifests.fault(where, f"{name} is {environment[name]}, which is not mounted: {sorted(files)}")
    unknown = environment.keys() - manifests.program.variables(container["args"][0])
    if unknown:
        manifests.fault(where, f"{sorted(unknown)} are no options of its command")
    settings = next(one["data"] for one in production if "BULLETIN_LISTEN" in one.get("data", {}))
    audiences = {name for kind, name, _ in files.values() if kind == "token"}
    audience = settings.get("BULLETIN_JWT_AUDIENCE")
    if audiences != {audience}:
        manifests.fault(where, f"its token is for {audiences}, the service is {audience}")
    host, port = environment["BULLETIN_ADDR"].rsplit(":", 1)
    certificates = [one for one in production if one["kind"] == "Certificate" and not one["spec"].get("isCA")]
    if not any(host in one["spec"]["dnsNames"] for one in certificates):
        manifests.fault(where, f"no certificate names {host}")
    if port != settings["BULLETIN_LISTEN"].rsplit(":", 1)[1]:
        manifests.fault(where, f"the service does not listen on {port}")
    peers = [
        peer
        for policy in production
        if policy["kind"] == "NetworkPolicy" and policy["metadata"]["name"] == "bulletin"
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if any(one["port"] == "grpc" for one in rule["ports"])
    ]
    labels = pod["metadata"]["labels"].items()
    for peer in peers:
        if not {"namespaceSelector", "podSelector"} <= peer.keys():
            manifests.fault("NetworkPolicy bulletin", "whole namespaces, or pods wherever they are, are let in")
    own = next(one["metadata"]["labels"].items() for one in production if one["kind"] == "Namespace")
    for kind, having in (("podSelector", labels), ("namespaceSelector", own)):
        if not any(peer.get(kind, {}).get("matchLabels", {}).items() <= having for peer in peers):
            manifests.fault(where, f"no policy of the network lets in {kind} {dict(having)}")
    return manifests.faults
