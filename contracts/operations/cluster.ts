/** The cluster itself: its view, its nodes, its members. */
import * as z from 'zod';
import { AddMemberBody, LogAnswer, MemberAnswer, NodeActionAnswer } from '../control.ts';
import { digits, wholeNumber } from '../digits.ts';
import { InvariantsAnswer } from '../invariants.ts';
import { MetricsAnswer, METRICS_SECONDS } from '../metrics.ts';
import { ClusterView, NodeView } from '../view.ts';
import { operation } from './operation.ts';

export const NodeParams = z.object({ id: z.string().describe('The node, as "n1".') });

const memberErrors = ['CHANGE_REFUSED', 'NO_LEADER', 'NODE_DOWN', 'OUTCOME_UNKNOWN'] as const;
const whenDone =
  'Answers when the change is committed. Uncertain ones say so: OUTCOME_UNKNOWN; the cluster itself tells what became of it.';

/** What a node is told to do. */
const action = {
  method: 'POST',
  tag: 'Cluster',
  params: NodeParams,
  answer: NodeActionAnswer,
} as const;

export const cluster = {
  view: operation({
    id: 'getCluster',
    method: 'GET',
    path: '/api/v1/cluster',
    tag: 'Cluster',
    summary: 'The whole view: nodes, links, newest entries and events',
    description: "Each node's part is that node's own belief.",
    answer: ClusterView,
    errors: [],
  }),
  invariants: operation({
    id: 'getInvariants',
    method: 'GET',
    path: '/api/v1/invariants',
    tag: 'Cluster',
    summary: 'What must hold of all nodes together, and what was seen of it',
    answer: InvariantsAnswer,
    errors: [],
  }),
  metrics: operation({
    id: 'getMetrics',
    method: 'GET',
    path: '/api/v1/metrics',
    tag: 'Cluster',
    summary: "The last seconds of the cluster's work",
    query: z.strictObject({
      seconds: digits
        .pipe(z.number().int().min(1).max(METRICS_SECONDS))
        .optional()
        .describe('So many at most; 300 when left out.'),
    }),
    answer: MetricsAnswer,
    errors: [],
  }),
  node: operation({
    id: 'getNode',
    method: 'GET',
    path: '/api/v1/nodes/{id}',
    tag: 'Cluster',
    summary: 'One node, as it believes to be',
    params: NodeParams,
    answer: NodeView,
    errors: ['NODE_UNKNOWN'],
  }),
  log: operation({
    id: 'getLog',
    method: 'GET',
    path: '/api/v1/nodes/{id}/log',
    tag: 'Cluster',
    summary: 'Entries of the log of a node',
    params: NodeParams,
    query: z.strictObject({
      from: wholeNumber.optional().describe('First index; 1 when left out.'),
      limit: digits
        .pipe(z.number().int().min(1).max(500))
        .optional()
        .describe('So many at most; 100 when left out.'),
    }),
    answer: LogAnswer,
    errors: ['NODE_UNKNOWN', 'NODE_DOWN'],
  }),
  kill: operation({
    id: 'killNode',
    path: '/api/v1/nodes/{id}/kill',
    summary: 'End a node at once, as a crash does',
    description: 'Only what reached its database survives.',
    ...action,
    errors: ['NODE_UNKNOWN', 'CONFLICT'],
  }),
  revive: operation({
    id: 'reviveNode',
    path: '/api/v1/nodes/{id}/revive',
    summary: 'Start a node that is down',
    ...action,
    errors: ['NODE_UNKNOWN', 'CONFLICT', 'NODE_DOWN'],
  }),
  isolate: operation({
    id: 'isolateNode',
    path: '/api/v1/nodes/{id}/isolate',
    summary: 'Cut all links of a node',
    ...action,
    errors: ['NODE_UNKNOWN'],
  }),
  reconnect: operation({
    id: 'reconnectNode',
    path: '/api/v1/nodes/{id}/reconnect',
    summary: 'Mend all links of a node',
    ...action,
    errors: ['NODE_UNKNOWN'],
  }),
  campaign: operation({
    id: 'campaign',
    path: '/api/v1/nodes/{id}/campaign',
    summary: 'Let a node stand for election now',
    ...action,
    errors: ['NODE_UNKNOWN', 'NODE_DOWN'],
  }),
  lead: operation({
    id: 'handOver',
    path: '/api/v1/nodes/{id}/lead',
    summary: 'Hand the lead over to a node',
    ...action,
    errors: ['NODE_UNKNOWN', 'NODE_DOWN', 'CONFLICT', 'NO_LEADER', 'CHANGE_REFUSED'],
  }),
  compact: operation({
    id: 'compactLog',
    path: '/api/v1/nodes/{id}/compact',
    summary: 'Cut the log of a node to its tail',
    ...action,
    errors: ['NODE_UNKNOWN', 'NODE_DOWN', 'OUTCOME_UNKNOWN'],
  }),
  add: operation({
    id: 'addMember',
    method: 'POST',
    path: '/api/v1/members',
    tag: 'Cluster',
    summary: 'Make a node and add it',
    description: whenDone,
    body: AddMemberBody,
    bodyMayBeAbsent: true,
    answer: MemberAnswer,
    errors: memberErrors,
  }),
  promote: operation({
    id: 'promoteMember',
    method: 'POST',
    path: '/api/v1/members/{id}/promote',
    tag: 'Cluster',
    summary: 'Give a learner a vote',
    description: whenDone,
    params: NodeParams,
    answer: MemberAnswer,
    errors: [...memberErrors, 'NODE_UNKNOWN', 'CONFLICT'],
  }),
  replace: operation({
    id: 'replaceMember',
    method: 'POST',
    path: '/api/v1/members/{id}/replace',
    tag: 'Cluster',
    summary: 'Put a new node in the place of one',
    description: whenDone,
    params: NodeParams,
    answer: MemberAnswer,
    errors: [...memberErrors, 'NODE_UNKNOWN'],
  }),
  removeMember: operation({
    id: 'removeMember',
    method: 'DELETE',
    path: '/api/v1/members/{id}',
    tag: 'Cluster',
    summary: 'Remove a node, with its database',
    description: whenDone,
    params: NodeParams,
    answer: MemberAnswer,
    errors: [...memberErrors, 'NODE_UNKNOWN'],
  }),
};
