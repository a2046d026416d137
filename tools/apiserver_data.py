#!/usr/bin/env python3
"""Makes the API server's embedded data from recorded Kubernetes API facts.

usage: tools/apiserver_data.py ../shared/data/kubernetes-schema ../shared/goldens/apiserver/vectors/pod-template-go-types.json

Writes src/EmbeddedCluster/Kinds/Data/*: openapi and discovery copies (minified, gzip), bootstrap objects, table columns, and
types.txt: the wire shape of every message that a served kind reaches. One line per field of a type:

    #<type>                           a type begins; an object's kind when it has one follows after a blank
    <number> <json name> <type> <flags>

type: s string, b bool, i int32, l int64, d double, y bytes, Q quantity, I int-or-string, T time, U microtime, F fieldsV1,
R raw JSON, A a JSON schema or a list of them, B a JSON schema or a bool, or the name of a type. flags: * list, % map of strings, p keeps an explicit zero (a Go pointer),
a always written (no omitempty; pa: as null when unset), < inlined into its parent.
"""
import gzip
import json
import os
import re
import sys

POINTERS = """
MutatingWebhook timeoutSeconds; ValidatingWebhook timeoutSeconds; ServiceReference port,path; DaemonSetSpec revisionHistoryLimit;
DaemonSetStatus collisionCount; DeploymentSpec replicas,revisionHistoryLimit,progressDeadlineSeconds;
DeploymentStatus collisionCount,terminatingReplicas; ReplicaSetSpec replicas; ReplicaSetStatus terminatingReplicas;
RollingUpdateStatefulSetStrategy partition; StatefulSetSpec replicas,revisionHistoryLimit; StatefulSetStatus collisionCount;
StatefulSetOrdinals start; TokenRequestSpec expirationSeconds; HorizontalPodAutoscalerSpec minReplicas,targetCPUUtilizationPercentage;
HorizontalPodAutoscalerStatus currentCPUUtilizationPercentage,observedGeneration; HPAScalingRules stabilizationWindowSeconds,selectPolicy;
MetricTarget averageUtilization; HPAScalingRules policies; MetricValueStatus averageUtilization;
CronJobSpec failedJobsHistoryLimit,startingDeadlineSeconds,successfulJobsHistoryLimit,suspend,timeZone;
JobSpec activeDeadlineSeconds,backoffLimit,backoffLimitPerIndex,completions,manualSelector,maxFailedIndexes,parallelism,suspend,ttlSecondsAfterFinished,completionMode,podReplacementPolicy,managedBy;
JobStatus ready,terminating,failedIndexes; SuccessPolicyRule succeededCount,succeededIndexes; CertificateSigningRequestSpec expirationSeconds;
LeaseSpec holderIdentity,leaseDurationSeconds,leaseTransitions; ScaleIOPersistentVolumeSource x; ClientIPConfig timeoutSeconds; ConfigMap immutable;
Secret immutable; ServiceAccount automountServiceAccountToken; ContainerStatus started; NodeFeatures supplementalGroupsPolicy;
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts,userNamespaces; NodeSwapStatus capacity; AzureFilePersistentVolumeSource secretNamespace;
ServicePort appProtocol; ServiceSpec allocateLoadBalancerNodePorts,internalTrafficPolicy,ipFamilyPolicy,loadBalancerClass,trafficDistribution;
EndpointConditions ready,serving,terminating; discovery.v1.EndpointPort name,port,protocol; EndpointPort appProtocol; Endpoint hostname,nodeName,zone;
ExemptPriorityLevelConfiguration lendablePercent,nominalConcurrencyShares;
LimitedPriorityLevelConfiguration borrowingLimitPercent,lendablePercent,nominalConcurrencyShares;
NetworkPolicyPort endPort,protocol; Device allNodes,allowMultipleAllocations,bindsToNode,nodeName; DeviceAttribute bool,int,string,version;
DeviceRequestAllocationResult adminAccess; DeviceToleration tolerationSeconds; ExactDeviceRequest adminAccess;
ResourceSliceSpec allNodes,perDeviceNodeSelection,nodeName;
CSIDriverSpec attachRequired,nodeAllocatableUpdatePeriodSeconds,podInfoOnMount,requiresRepublish,seLinuxMount,storageCapacity,fsGroupPolicy,preventPodSchedulingIfMissing,serviceAccountTokenInSecrets;
StorageClass allowVolumeExpansion,reclaimPolicy,volumeBindingMode; TokenRequest expirationSeconds; VolumeError errorCode; VolumeNodeResources count;
ValidationRule optionalOldSelf,reason; DeleteOptions gracePeriodSeconds,orphanDependents,propagationPolicy; ListMeta remainingItemCount;
PersistentVolumeClaimSpec storageClassName,volumeMode,volumeAttributesClassName; PersistentVolumeSpec volumeMode,volumeAttributesClassName;
IngressSpec ingressClassName; HTTPIngressPath pathType; IngressClassParametersReference apiGroup,namespace,scope; PriorityClass preemptionPolicy;
OwnerReference controller,blockOwnerDeletion; CustomResourceSubresourceScale labelSelectorPath; CustomResourceDefinitionVersion deprecationWarning;
WebhookClientConfig url; PodDisruptionBudgetSpec unhealthyPodEvictionPolicy; PersistentVolumeClaimStatus currentVolumeAttributesClassName;
DeploymentCondition x; Preconditions uid,resourceVersion; Lease x; MatchResources matchPolicy; MutatingWebhook matchPolicy,sideEffects,reinvocationPolicy;
ValidatingWebhook matchPolicy,sideEffects; Rule scope; RuleWithOperations scope; NamedRuleWithOperations scope; ParamKind x;
ValidatingAdmissionPolicySpec failurePolicy; Validation reason; JSONSchemaProps $ref,maximum,minimum,maxLength,minLength,maxItems,minItems,multipleOf,maxProperties,minProperties,x-kubernetes-preserve-unknown-fields,x-kubernetes-list-type,x-kubernetes-map-type; VolumeAttachmentSource persistentVolumeName;
PersistentVolumeClaimVolumeSource x; GlusterfsPersistentVolumeSource endpointsNamespace; ISCSIPersistentVolumeSource initiatorName; LocalVolumeSource fsType;
ReplicationControllerSpec replicas; EndpointAddress nodeName; ValidatingWebhook failurePolicy; MutatingWebhook failurePolicy;
LoadBalancerIngress ipMode; PortStatus error; VolumeMountStatus recursiveReadOnly;
"""

# Members without omitempty that the documents call optional: written even when there is nothing to write.
ALWAYS = """
AzureFilePersistentVolumeSource secretNamespace; CSINodeDriver topologyKeys; EndpointSlice endpoints,ports;
FlowSchemaSpec matchingPrecedence; HTTPGetAction port; PriorityClass value; ProjectedVolumeSource sources;
QueuingConfiguration queues,handSize,queueLengthLimit; ResourcePolicyRule namespaces; TCPSocketAction port;
TypedLocalObjectReference apiGroup; TypedObjectReference apiGroup; core.v1.EndpointPort port;
"""

WELL_KNOWN = {
    'k8s.io.apimachinery.pkg.api.resource.Quantity': 'Q', 'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'I',
    'k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'T', 'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': 'U',
    'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': 'F', 'k8s.io.apimachinery.pkg.runtime.RawExtension': 'R',
}
UNIONS = {'JSON': 'R', 'JSONSchemaPropsOrArray': 'A', 'JSONSchemaPropsOrBool': 'B', 'JSONSchemaPropsOrStringArray': 'R'}
DISCOVERY = 'k8s.io.api.apidiscovery.v2.APIGroupDiscoveryList'
SCALARS = {'string': 's', 'bool': 'b', 'int32': 'i', 'int64': 'l', 'double': 'd', 'bytes': 'y', 'uint32': 'l', 'uint64': 'l'}


def pairs(text):
    table = {}
    for entry in text.replace('\n', ' ').split(';'):
        words = entry.split()
        if len(words) == 2:
            table.setdefault(words[0], set()).update(words[1].split(','))
    return table


def short(name):
    parts = name.split('.')
    if parts[-2:-1] == ['v1'] and 'meta' in parts:
        return 'meta.' + parts[-1]
    return '.'.join(parts[-3:]) if 'api' in parts or 'apis' in parts else name


def main():
    source, go_types_file = sys.argv[1], sys.argv[2]
    target = os.path.join(os.path.dirname(__file__), '..', 'src', 'EmbeddedCluster', 'Kinds', 'Data')
    os.makedirs(target, exist_ok=True)
    read = lambda name: json.load(gzip.open(os.path.join(source, name)) if name.endswith('.gz') else open(os.path.join(source, name)))
    messages, v3 = read('protobuf.json.gz'), read('openapi-v3.json.gz')
    go = {k.split('.')[1]: {f[2]: f[1] for f in v} for k, v in json.load(open(go_types_file))['types'].items()
          if isinstance(v, list) and k.startswith('v1.')}
    schemas = {}
    for document in v3.values():
        schemas.update(document.get('components', {}).get('schemas', {}))

    def message_of(name):
        return name.replace('io.k8s.', 'k8s.io.', 1).replace('apiextensions-apiserver', 'apiextensions_apiserver').replace('kube-aggregator', 'kube_aggregator')

    def schema_of(message):
        return message.replace('k8s.io.', 'io.k8s.', 1).replace('apiextensions_apiserver', 'apiextensions-apiserver').replace('kube_aggregator', 'kube-aggregator')

    pointers, always, lines, seen, queue = pairs(POINTERS), pairs(ALWAYS), [], set(), []
    for name, schema in sorted(schemas.items()):
        if 'x-kubernetes-group-version-kind' in schema:
            queue.append(message_of(name))
    # No kind of the API's own documents, but what metadata-only clients ask for.
    queue += ['k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata', 'k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadataList']
    # Nor is discovery, which has its own types.
    queue.append(DISCOVERY)
    missing = [m for m in queue if m not in messages]
    if missing:
        print('without a message:', missing)
    while queue:
        message = queue.pop()
        if message in seen or message not in messages:
            continue
        seen.add(message)
        schema = schemas.get(schema_of(message), {})
        kinds = schema.get('x-kubernetes-group-version-kind', [])
        own = message.split('.')[-1]
        heading = '#' + short(message)
        if own.startswith('PartialObjectMetadata'):
            heading += ' meta.k8s.io/v1/' + own
        elif message == DISCOVERY:
            heading += ' apidiscovery.k8s.io/v2/' + own
        elif len(kinds) == 1:
            heading += ' ' + '/'.join([kinds[0]['group'], kinds[0]['version'], kinds[0]['kind']])
        lines.append(heading)
        properties = schema.get('properties', {})
        for number, (name, kind, cardinality, *rest) in sorted(messages[message].items(), key=lambda item: int(item[0])):
            flags = {'repeated': '*', 'map': '%'}.get(cardinality, '')
            code = SCALARS.get(kind) or WELL_KNOWN.get(kind)
            code = code or UNIONS.get(kind.split('.')[-1])
            if own == 'JSONSchemaProps':
                name = '$' + name if name in ('ref', 'schema') else re.sub('([A-Z])', lambda m: '-' + m[1].lower(), name) if name.startswith('xKubernetes') else name
            if code is None:
                queue.append(kind)
                code = short(kind)
            prop = properties.get(name)
            if prop is None:
                name = next((p for p in properties if p.lower() == name.lower()), name)
                prop = properties.get(name)
            if schema and prop is None and '*' not in flags and properties and name not in ('metadata', 'items'):
                flags += '<'
            if prop is not None and not flags and (prop.get('default') == {} and len(code) > 1 or 'default' in prop and name in schema.get('required', [])):
                flags += 'a'
            if prop is not None and not flags and len(code) == 1 and code in 'sbil' and name in schema.get('required', []):
                flags += 'a'
            if code == 'T' and not flags and (own.endswith('Condition') or own.startswith('ContainerState') or own in ('Event', 'EventSeries', 'VolumeError')) \
                    or (own, name) in (('Event', 'eventTime'), ('StatefulSetStatus', 'availableReplicas'), ('HorizontalPodAutoscalerStatus', 'currentMetrics'), ('Role', 'rules'), ('ClusterRole', 'rules')) \
                    or own == 'PodDisruptionBudgetStatus' and name in ('disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods') \
                    or 'core.v1.Event' in message and own == 'Event' and name in ('reportingComponent', 'reportingInstance') or code == 'U' and own == 'EventSeries' \
                    or own == 'CustomResourceDefinitionStatus' and name in ('conditions', 'acceptedNames', 'storedVersions'):
                flags += 'a'
            if own.startswith('PartialObjectMetadata'):
                flags += 'a'
            if name in schema.get('required', []) and flags in ('*', '%'):
                flags += 'a'
            if own in go and go[own].get(name, '').startswith('*') or name in pointers.get(own, ()) or name in pointers.get(short(message), ()):
                flags = flags.replace('a', '') + 'p'
            if (name in always.get(own, ()) or name in always.get(short(message), ())) and 'a' not in flags:
                flags += 'a'
            lines.append(' '.join([number, name or '-', code, flags]).rstrip())
    with open(os.path.join(target, 'types.txt'), 'w') as out:
        out.write('\n'.join(lines) + '\n')
    for name in ('openapi-v2.json.gz', 'openapi-v3.json.gz'):
        body = json.dumps(read(name), separators=(',', ':'), ensure_ascii=False).encode()
        with open(os.path.join(target, name), 'wb') as out:
            out.write(gzip.compress(body, 9, mtime=0))
    for name in ('discovery-aggregated.json', 'discovery-legacy.json', 'bootstrap-objects.json', 'table-columns.json', 'version.json'):
        with open(os.path.join(target, name), 'w') as out:
            json.dump(read(name), out, separators=(',', ':'), ensure_ascii=False)


main()
