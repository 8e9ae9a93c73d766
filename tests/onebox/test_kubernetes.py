"""The manifests for Kubernetes: of its own kinds by its schemas, of others by the fields we use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from onebox.permissions import CATEGORIES

HERE = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSION = "1.37"
SERVICES = tuple(CATEGORIES)


def shape(required: str, **fields: Any) -> dict[str, Any]:
    """Return the schema of an object that has these fields and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": fields,
        "additionalProperties": False,
    }


TEXT, WHOLE, YES = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
NAMED = shape("name", name=TEXT)
KEY = shape("name key", name=TEXT, key=TEXT)
QUANTITIES = shape("", requests=TEXTS, limits=TEXTS)
PLUGIN = shape("name", name=TEXT, isWALArchiver=YES, parameters=TEXTS)
TRIGGER = shape(
    "type metadata",
    type={"enum": ["cpu", "prometheus"]},
    metricType={"enum": ["Utilization", "AverageValue", "Value"]},
    metadata=TEXTS,
)
OTHERS = {
    "Cluster": shape(
        "instances",
        instances={"type": "integer", "minimum": 3},
        imageCatalogRef=shape(
            "kind name major", apiGroup=TEXT, kind=TEXT, name=TEXT, major={"const": 18}
        ),
        enableSuperuserAccess=YES,
        superuserSecret=NAMED,
        bootstrap=shape(
            "initdb",
            initdb=shape(
                "", dataChecksums=YES, encoding=TEXT, localeProvider=TEXT, builtinLocale=TEXT
            ),
        ),
        postgresql=shape(
            "synchronous parameters",
            synchronous=shape(
                "method number",
                method={"enum": ["any", "first"]},
                number={"type": "integer", "minimum": 1},
                dataDurability={"const": "required"},
            ),
            parameters=TEXTS,
        ),
        storage=shape("size", size=TEXT),
        walStorage=shape("size", size=TEXT),
        affinity=shape(
            "",
            enablePodAntiAffinity=YES,
            podAntiAffinityType={"enum": ["required", "preferred"]},
            topologyKey=TEXT,
        ),
        primaryUpdateStrategy={"enum": ["unsupervised", "supervised"]},
        primaryUpdateMethod={"enum": ["switchover", "restart"]},
        resources=QUANTITIES,
        plugins={"type": "array", "items": PLUGIN},
    ),
    "ScheduledBackup": shape(
        "schedule cluster",
        schedule={"type": "string", "pattern": r"^(\S+ ){5}\S+$"},
        immediate=YES,
        backupOwnerReference={"enum": ["none", "self", "cluster"]},
        cluster=NAMED,
        method={"enum": ["plugin", "volumeSnapshot"]},
        pluginConfiguration=NAMED,
    ),
    "ObjectStore": shape(
        "configuration",
        retentionPolicy={"type": "string", "pattern": "^[1-9][0-9]*[dwm]$"},
        configuration=shape(
            "destinationPath",
            destinationPath={"type": "string", "minLength": 1},
            s3Credentials=shape("", accessKeyId=KEY, secretAccessKey=KEY),
            wal=shape("", compression=TEXT, maxParallel=WHOLE),
            data=shape("", compression=TEXT, immediateCheckpoint=YES),
        ),
    ),
    "ScaledObject": shape(
        "scaleTargetRef triggers",
        scaleTargetRef=NAMED,
        minReplicaCount=WHOLE,
        maxReplicaCount=WHOLE,
        triggers={"type": "array", "minItems": 1, "items": TRIGGER},
    ),
    "Kustomization": None,
}
"""The kinds that are not Kubernetes's own: CloudNativePG's, its backup plugin's, KEDA's."""


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(HERE.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            yield f"{document['kind']} {document.get('metadata', {}).get('name', '')}", document


ALL = dict(manifests())
PODS = {
    name: one["spec"]["template"]["spec"]
    for name, one in ALL.items()
    if "template" in one.get("spec", {})
}


def check(document: dict[str, Any]) -> None:
    if document["kind"] not in OTHERS:
        kubernetes_validate.validate(document, VERSION, strict=True)
    elif schema := OTHERS[document["kind"]]:
        jsonschema.validate(document["spec"], schema)


@pytest.mark.parametrize("name", ALL)
def test_a_manifest_is_what_kubernetes_takes(name: str) -> None:
    check(ALL[name])


@pytest.mark.parametrize("name", ["Deployment gateway", "Cluster postgres"])
def test_a_misspelt_field_is_noticed(name: str) -> None:
    misspelt = ALL[name] | {"spec": {**ALL[name]["spec"], "replicaz": 2}}
    with pytest.raises((kubernetes_validate.ValidationError, jsonschema.ValidationError)):
        check(misspelt)


def test_every_manifest_is_listed() -> None:
    listed = yaml.safe_load((HERE / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {file.name for file in HERE.iterdir()} | {"../nats"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_no_rights_and_a_limit(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_probed_spread_scaled_and_never_all_away(service: str) -> None:
    pod = PODS[f"Deployment {service}"]
    (container,) = pod["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in {"/healthz", "/readyz"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    asked = {"secretRef": {"name": "registries", "optional": True}}
    more = [asked] if service == "enrichment" else []
    assert container["envFrom"] == [{"secretRef": {"name": service}}, *more]
    assert pod["topologySpreadConstraints"]
    labels = ALL[f"Deployment {service}"]["spec"]["template"]["metadata"]["labels"]
    budget = ALL[f"PodDisruptionBudget {service}"]["spec"]
    assert budget["selector"]["matchLabels"].items() <= labels.items()
    scaled = ALL[f"ScaledObject {service}"]["spec"]
    assert scaled["scaleTargetRef"] == {"name": service}
    assert 2 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"]


def test_what_is_scaled_by_is_measured() -> None:
    root = HERE.parents[1]
    code = "".join(
        file.read_text() for top in ("chassis", "services") for file in (root / top).rglob("*.py")
    )
    asked = [
        trigger["metadata"]["query"]
        for service in SERVICES
        for trigger in ALL[f"ScaledObject {service}"]["spec"]["triggers"]
        if trigger["type"] == "prometheus"
    ]
    assert "max(kundvakt_lag_events)" in asked
    for query in asked:
        assert f'"{query.removeprefix("max(").removesuffix(")")}"' in code


def test_nodes_of_the_bus_stand_apart_and_keep_what_they_hold() -> None:
    nodes = ALL["StatefulSet nats"]["spec"]
    assert nodes["replicas"] == 3
    assert nodes["template"]["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert nodes["volumeClaimTemplates"]
    assert ALL["PodDisruptionBudget nats"]["spec"]["maxUnavailable"] == 1


def test_nobody_reaches_anybody_unless_it_is_written() -> None:
    nothing = ALL["NetworkPolicy nothing"]["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    outside = [
        name
        for name, one in ALL.items()
        if one["kind"] == "NetworkPolicy"
        for rule in one["spec"].get("egress", ())
        for peer in rule.get("to", [{"ipBlock": {}}])
        if "ipBlock" in peer
    ]
    assert outside == [
        "NetworkPolicy the-database",
        "NetworkPolicy the-bureau-is-asked",
        "NetworkPolicy mails-are-sent",
        "NetworkPolicy the-registries-are-asked",
    ]
