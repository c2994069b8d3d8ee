/** Breaking the world that the nodes live in, and mending it. */
import * as z from 'zod';
import * as it from '../faults.ts';
import { LinkView } from '../view.ts';
import { NodeParams } from './cluster.ts';
import { operation } from './operation.ts';

const LinkParams = z.object({
  from: z.string().describe('The node that sends.'),
  to: z.string().describe('The node that receives.'),
});
const linkErrors = ['NODE_UNKNOWN'] as const;
const nodeErrors = ['NODE_UNKNOWN', 'CONFLICT', 'NODE_DOWN'] as const;
const onNode = { tag: 'Faults', params: NodeParams, answer: it.NodeFaultsAnswer } as const;

export const faults = {
  setLink: operation({
    id: 'setLink',
    method: 'PUT',
    path: '/api/v1/links/{from}/{to}',
    tag: 'Faults',
    summary: 'Set one direction of a link, or both',
    description: 'What is left out is reset to none.',
    params: LinkParams,
    body: it.LinkBody,
    answer: LinkView,
    errors: linkErrors,
  }),
  changeLink: operation({
    id: 'changeLink',
    method: 'PATCH',
    path: '/api/v1/links/{from}/{to}',
    tag: 'Faults',
    summary: 'Change parts of a link',
    description: 'What is left out stays.',
    params: LinkParams,
    body: it.LinkPatchBody,
    answer: LinkView,
    errors: linkErrors,
  }),
  healLinks: operation({
    id: 'healLinks',
    method: 'DELETE',
    path: '/api/v1/links',
    tag: 'Faults',
    summary: 'Mend all links',
    answer: it.HealAnswer,
    errors: [],
  }),
  partition: operation({
    id: 'partition',
    method: 'POST',
    path: '/api/v1/partition',
    tag: 'Faults',
    summary: 'Cut every link between groups of nodes',
    description: 'Nodes that are not named keep their links.',
    body: it.PartitionBody,
    answer: it.PartitionAnswer,
    errors: linkErrors,
  }),
  heal: operation({
    id: 'heal',
    method: 'POST',
    path: '/api/v1/heal',
    tag: 'Faults',
    summary: 'Take away every fault of links, nodes, disks and clocks',
    description: 'Nodes that are down stay down.',
    answer: it.HealAnswer,
    errors: [],
  }),
  pause: operation({
    id: 'pauseNode',
    method: 'POST',
    path: '/api/v1/nodes/{id}/pause',
    summary: 'Pause a node for a while: it runs nothing',
    ...onNode,
    body: it.PauseBody,
    errors: nodeErrors,
  }),
  resume: operation({
    id: 'resumeNode',
    method: 'POST',
    path: '/api/v1/nodes/{id}/resume',
    summary: 'Let a paused node go on',
    ...onNode,
    errors: nodeErrors,
  }),
  disk: operation({
    id: 'setDisk',
    method: 'PUT',
    path: '/api/v1/nodes/{id}/disk',
    summary: 'Make the disk of a node slow or full',
    ...onNode,
    body: it.DiskBody,
    errors: nodeErrors,
  }),
  clock: operation({
    id: 'setClock',
    method: 'PUT',
    path: '/api/v1/nodes/{id}/clock',
    summary: 'Make the clock of a node wrong',
    ...onNode,
    body: it.ClockBody,
    errors: nodeErrors,
  }),
  wipe: operation({
    id: 'wipeNode',
    method: 'POST',
    path: '/api/v1/nodes/{id}/wipe',
    summary: 'Destroy the database of a node that is down',
    description: 'It may not come back under its name: replace it.',
    ...onNode,
    errors: nodeErrors,
  }),
};
