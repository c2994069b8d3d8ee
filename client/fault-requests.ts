/** The requests that break the world and mend it: sent by the page, and copied as a command for a terminal. */
import type {
  ClockBody,
  DiskBody,
  LinkBody,
  LinkPatchBody,
  PartitionBody,
  PauseBody,
} from '../contracts/faults.ts';
import type { ApiRequest } from './api-request.ts';

/** Parts left out are reset to none. */
export function setLink(from: string, to: string, body: Partial<LinkBody>): ApiRequest {
  return { method: 'PUT', path: linkPath(from, to), body };
}

/** Parts left out stay. */
export function changeLink(from: string, to: string, body: Partial<LinkPatchBody>): ApiRequest {
  return { method: 'PATCH', path: linkPath(from, to), body };
}

export function partition(groups: PartitionBody['groups']): ApiRequest {
  return { method: 'POST', path: '/api/v1/partition', body: { groups } };
}

export const HEAL: ApiRequest = { method: 'POST', path: '/api/v1/heal' };

export function pause(node: string, body: PauseBody): ApiRequest {
  return { method: 'POST', path: nodePath(node, 'pause'), body };
}

export function resume(node: string): ApiRequest {
  return { method: 'POST', path: nodePath(node, 'resume') };
}

export function setDisk(node: string, body: DiskBody): ApiRequest {
  return { method: 'PUT', path: nodePath(node, 'disk'), body };
}

export function setClock(node: string, body: ClockBody): ApiRequest {
  return { method: 'PUT', path: nodePath(node, 'clock'), body };
}

export function wipe(node: string): ApiRequest {
  return { method: 'POST', path: nodePath(node, 'wipe') };
}

function linkPath(from: string, to: string): string {
  return `/api/v1/links/${encodeURIComponent(from)}/${encodeURIComponent(to)}`;
}

function nodePath(node: string, action: string): string {
  return `/api/v1/nodes/${encodeURIComponent(node)}/${action}`;
}
