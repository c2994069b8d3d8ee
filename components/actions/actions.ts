/**
 * The one list of all that can be done. An action more is an entry more: its
 * key, its row in the help and its row in the palette come from here.
 */
import { changeLink, HEAL, partition, pause, resume } from '../../client/fault-requests.ts';
import { membershipOf } from '../../client/membership.ts';
import { paceLabel } from '../../client/pace-state.ts';
import { splitName, splitsOf } from '../../client/partitions.ts';
import { verdictOf } from '../../client/verdict.ts';
import { PACES } from '../../contracts/pace.ts';
import type { ClusterView, NodeView } from '../../contracts/view.ts';
import { downNodes, isFaulty } from '../cluster/cluster-state.ts';
import { PAGES } from '../nav/pages.ts';
import type { PageId } from '../nav/pages.ts';
import { stepShow } from '../present/present-address.ts';
import type { Action, Situation } from './action.ts';

/** Keys that select a node: as many as there are digits. */
const MOST_DIGITS = 9;
/** A pause by name: long enough for an election, s. */
const PAUSE_S = 5;

export function actionsOf(situation: Situation): readonly Action[] {
  const { view } = situation;
  return [
    ...clusterActions(situation),
    ...(view === null ? [] : view.members.flatMap((id, i) => nodeActions(situation, view, id, i))),
    ...(view === null ? [] : linkActions(situation, view)),
    ...dataActions(situation),
    ...viewActions(situation),
    ...pageActions(situation),
  ];
}

/** The key, on the pages where it works. */
function keyOn({ page }: Situation, pages: readonly PageId[], key: string): string | null {
  return pages.includes(page) ? key : null;
}

function clusterActions(situation: Situation): readonly Action[] {
  const { view, disabled, selected } = situation;
  const leader = view === null ? null : verdictOf(view).leader;
  const down = view === null ? [] : downNodes(view);
  const node = view?.nodes.find(({ id }) => id === selected);
  return [
    {
      id: 'kill-leader',
      title: 'Kill the leader',
      words: 'crash stop fail election failover',
      group: 'Cluster',
      keys: 'L',
      because: disabled ?? (leader === null ? 'There is no leader to kill' : null),
      ...(leader !== null && { calls: [(client) => client.act(leader, 'kill')] }),
      run: ({ faults }) => {
        if (leader !== null) faults.kill(leader);
      },
    },
    {
      id: 'kill-selected',
      title: 'Kill the selected node',
      words: 'crash stop fail',
      group: 'Cluster',
      keys: keyOn(situation, ['live'], 'K'),
      because:
        disabled ??
        (selected === null
          ? 'Go to a node first: press its number'
          : node?.state === 'serving'
            ? null
            : `${selected} is not running`),
      ...(selected !== null && { calls: [(client) => client.act(selected, 'kill')] }),
      run: ({ faults }) => {
        if (selected !== null) faults.kill(selected);
      },
    },
    {
      id: 'revive-all',
      title: 'Revive all nodes',
      words: 'start restart recover up',
      group: 'Cluster',
      keys: 'V',
      because: disabled ?? (down.length === 0 ? 'Every node is up' : null),
      calls: down.map((id) => (client) => client.act(id, 'revive')),
      run: ({ faults }) => faults.revive(down),
    },
    {
      id: 'heal-all',
      title: 'Heal all: links, pauses, disks, clocks',
      words: 'join mend network partition repair faults resume',
      group: 'Cluster',
      keys: 'H',
      because: disabled ?? (view !== null && !isFaulty(view) ? 'Nothing is at fault' : null),
      calls: [HEAL],
      run: ({ faults }) => faults.healAll(),
    },
    {
      id: 'add-node',
      title: 'Add a node',
      words: 'member join grow scale voter learner',
      group: 'Cluster',
      because: disabled ?? (leader === null ? 'There is no leader to add it' : null),
      calls: [(client) => client.addMember('voter')],
      run: ({ faults }) => faults.addNode(),
    },
    ...speedActions(situation),
  ];
}

function speedActions({ view, disabled }: Situation): readonly Action[] {
  if (view === null) return [];
  const { pace } = view.pace;
  return [
    ...PACES.map(
      (choice): Action => ({
        id: `pace-${choice}`,
        title: choice === 0 ? 'Pause the cluster' : `Cluster speed ${paceLabel(choice)}`,
        words: 'pace slow motion fast time everyone resume',
        group: 'Cluster',
        because: disabled ?? (choice === pace ? 'It is so already' : null),
        calls: [(client) => client.setPace(choice)],
        run: ({ faults }) => faults.setPace(choice),
      }),
    ),
    {
      id: 'pace-step',
      title: 'Step the paused cluster',
      words: 'pace single event next slow motion',
      group: 'Cluster',
      because: disabled ?? (pace === 0 ? null : 'Pause the cluster to step'),
      calls: [(client) => client.step()],
      run: ({ faults }) => faults.step(),
    },
  ];
}

function nodeActions(
  situation: Situation,
  view: ClusterView,
  id: string,
  place: number,
): readonly Action[] {
  const { disabled } = situation;
  const node = view.nodes.find((candidate) => candidate.id === id);
  if (node === undefined) return [];
  const { leader } = verdictOf(view);
  const needsUp = node.state === 'serving' ? null : 'It is not running';
  const needsLeader = leader === null ? 'There is no leader' : null;
  const leads = leader === id ? 'It leads already' : null;
  const links = view.links.filter(({ from, to }) => from === id || to === id);
  const isIsolated = links.length > 0 && links.every(({ cut }) => cut);
  const isLearner = membershipOf(view, id) === 'learner';
  const isPaused = node.faults.pausedUntilMs !== null;
  const pauseRequest = pause(id, { forMs: PAUSE_S * 1000 });
  const group = 'Nodes';
  return [
    {
      id: `select-${id}`,
      title: `Go to ${id}`,
      words: 'select focus node card',
      group,
      keys: place < MOST_DIGITS ? keyOn(situation, ['live'], String(place + 1)) : null,
      because: null,
      run: (does) => does.focus(`[data-node="${id}"]`, '/'),
    },
    {
      id: `kill-${id}`,
      title: `Kill ${id}`,
      words: 'crash stop fail node',
      group,
      because: disabled ?? needsUp,
      calls: [(client) => client.act(id, 'kill')],
      run: ({ faults }) => faults.kill(id),
    },
    {
      id: `revive-${id}`,
      title: `Revive ${id}`,
      words: 'start restart recover node',
      group,
      because: disabled ?? whyNotRevived(node),
      calls: [(client) => client.act(id, 'revive')],
      run: ({ faults }) => faults.revive([id]),
    },
    {
      id: `isolate-${id}`,
      title: `Isolate ${id}`,
      words: 'cut off partition network split disconnect',
      group,
      because: disabled ?? (isIsolated ? 'It is cut off already' : null),
      calls: [(client) => client.act(id, 'isolate')],
      run: ({ faults }) => faults.isolate(id),
    },
    {
      id: `reconnect-${id}`,
      title: `Reconnect ${id}`,
      words: 'join heal network links',
      group,
      because: disabled ?? (links.some(({ cut }) => cut) ? null : 'None of its links is cut'),
      calls: [(client) => client.act(id, 'reconnect')],
      run: ({ faults }) => faults.reconnect(id),
    },
    {
      id: `pause-${id}`,
      title: `Pause ${id} for ${PAUSE_S} s`,
      words: 'freeze stop stall thread fault node',
      group,
      because: disabled ?? needsUp ?? (isPaused ? 'It is paused' : null),
      calls: [pauseRequest],
      run: ({ faults }) => faults.send(pauseRequest),
    },
    {
      id: `resume-${id}`,
      title: `Let ${id} run again`,
      words: 'resume unpause thaw thread node',
      group,
      because: disabled ?? (isPaused ? null : 'It is not paused'),
      calls: [resume(id)],
      run: ({ faults }) => faults.send(resume(id)),
    },
    {
      id: `campaign-${id}`,
      title: `Force an election on ${id}`,
      words: 'campaign timeout candidate vote',
      group,
      because: disabled ?? needsUp ?? (isLearner ? 'It has no vote' : null) ?? leads,
      calls: [(client) => client.act(id, 'campaign')],
      run: ({ faults }) => faults.campaign(id),
    },
    {
      id: `lead-${id}`,
      title: `Let ${id} lead`,
      words: 'transfer leadership hand over leader',
      group,
      because: disabled ?? needsUp ?? (isLearner ? 'It has no vote' : null) ?? needsLeader ?? leads,
      calls: [(client) => client.act(id, 'lead')],
      run: ({ faults }) => faults.lead(id),
    },
    {
      id: `compact-${id}`,
      title: `Shorten the log of ${id}`,
      words: 'compact snapshot truncate',
      group,
      because: disabled ?? needsUp,
      calls: [(client) => client.act(id, 'compact')],
      run: ({ faults }) => faults.compact(id),
    },
    {
      id: `promote-${id}`,
      title: `Give ${id} a vote`,
      words: 'promote learner voter member',
      group,
      because: disabled ?? (isLearner ? null : 'It is no learner') ?? needsLeader,
      calls: [(client) => client.promoteMember(id)],
      run: ({ faults }) => faults.promote(id),
    },
    {
      id: `replace-${id}`,
      title: `Replace ${id}`,
      words: 'member swap new joint',
      group,
      because: disabled ?? needsLeader,
      calls: [(client) => client.replaceMember(id)],
      run: ({ faults }) => faults.replace(id),
    },
    {
      id: `remove-${id}`,
      title: `Remove ${id}`,
      words: 'member delete shrink take away',
      group,
      because: disabled ?? needsLeader,
      calls: [(client) => client.removeMember(id)],
      run: ({ faults }) => faults.remove(id),
    },
  ];
}

function whyNotRevived({ state }: NodeView): string | null {
  if (state === 'serving') return 'It is running';
  return state === 'starting' ? 'It is starting' : null;
}

function linkActions(situation: Situation, view: ClusterView): readonly Action[] {
  const { disabled, page, presenting } = situation;
  const isStageSeen = page === 'live' && presenting !== 'log';
  return [
    {
      id: 'draw-cut',
      title: 'Draw a line that cuts links',
      words: 'partition network split disconnect stroke',
      group: 'Links',
      keys: isStageSeen ? 'X' : null,
      because: disabled ?? (isStageSeen ? null : 'Only where the cluster is shown'),
      run: (does) => does.drawCut(),
    },
    ...splitsOf(view.members).map((split): Action => {
      const request = partition(split.map((side) => [...side]));
      return {
        id: `partition-${split.map((side) => side.join('+')).join('-')}`,
        title: `Partition ${splitName(split)}`,
        words: 'network split cut sides quorum',
        group: 'Links',
        because: disabled,
        calls: [request],
        run: ({ faults }) => faults.send(request),
      };
    }),
    ...view.members.flatMap((a, i) =>
      view.members.slice(i + 1).map((b): Action => {
        const isCut = view.links.some(
          (link) =>
            link.cut && ((link.from === a && link.to === b) || (link.from === b && link.to === a)),
        );
        const cut = !isCut;
        return {
          id: `link-${a}-${b}`,
          title: isCut ? `Heal the link ${a} to ${b}` : `Cut the link ${a} to ${b}`,
          words: 'network partition join mend disconnect',
          group: 'Links',
          because: disabled,
          calls: [changeLink(a, b, { cut, both: true })],
          run: ({ faults }) => faults.setLink(a, b, cut),
        };
      }),
    ),
  ];
}

function dataActions(situation: Situation): readonly Action[] {
  // A presentation shows no forms.
  const keyed = (pages: readonly PageId[], key: string): string | null =>
    situation.presenting === null ? keyOn(situation, pages, key) : null;
  return [
    {
      id: 'write',
      title: 'Write',
      words: 'put set value key store',
      group: 'Data',
      keys: keyed(['live', 'keys'], 'W'),
      because: null,
      run: (does) => does.focus('form[aria-label="Write"] input', '/'),
    },
    {
      id: 'read',
      title: 'Read',
      words: 'get value key',
      group: 'Data',
      keys: keyed(['live'], 'R'),
      because: null,
      run: (does) => does.focus('form[aria-label="Read"] input', '/'),
    },
    {
      id: 'read-as-of',
      title: 'Read as of a time',
      words: 'past history revision time travel',
      group: 'Data',
      keys: keyed(['live', 'keys'], 'T'),
      because: null,
      run: (does) => does.focus('input[name="as-of"]', '/'),
    },
    {
      id: 'jump-to-index',
      title: 'Jump to an index of the log',
      words: 'go entry find row',
      group: 'Data',
      keys: keyOn(situation, ['log'], 'G'),
      because: null,
      run: (does) => does.focus('input[name="index"]', '/log'),
    },
    {
      id: 'search-keys',
      title: 'Search the keys',
      words: 'find prefix list',
      group: 'Data',
      keys: keyOn(situation, ['keys'], '/'),
      because: null,
      run: (does) => does.focus('input[name="prefix"]', '/keys'),
    },
    ...KEYS_PAGE.map(
      ({ keys, press, ...action }): Action => ({
        ...action,
        group: 'Data',
        keys: keyOn(situation, ['keys'], keys),
        because: situation.page === 'keys' ? null : 'Only on the Keys page',
        run: (does) => does.press(press),
      }),
    ),
  ];
}

/** Buttons of the Keys page. */
const KEYS_PAGE = [
  {
    id: 'previous-change',
    title: 'Previous change',
    words: 'back earlier',
    keys: '[',
    press: 'previous',
  },
  { id: 'next-change', title: 'Next change', words: 'forward later', keys: ']', press: 'next' },
  { id: 'back-to-now', title: 'Back to now', words: 'present latest', keys: 'N', press: 'now' },
  {
    id: 'compare',
    title: 'Compare with another instant',
    words: 'diff difference',
    keys: 'C',
    press: 'compare',
  },
] as const;

function viewActions(situation: Situation): readonly Action[] {
  const { presenting } = situation;
  return [
    {
      id: 'palette',
      title: 'Find an action or a key',
      words: 'search command palette',
      group: 'View',
      keys: 'Ctrl K',
      because: null,
      run: (does) => does.open('palette'),
    },
    {
      id: 'help',
      title: 'Help and keys',
      words: 'shortcuts keyboard explain question',
      group: 'View',
      keys: '?',
      because: null,
      run: (does) => does.open('help'),
    },
    {
      id: 'trace',
      title: 'Message trace',
      words: 'space time diagram messages arrows causality vector clock shiviz export slow',
      group: 'View',
      because: null,
      run: (does) => does.openTrace(),
    },
    {
      id: 'present',
      title: presenting === null ? 'Present' : 'Leave the presentation',
      words: 'presentation projector stage talk fullscreen slides',
      group: 'View',
      keys: 'P',
      because: null,
      run: (does) => does.present(presenting === null ? 'both' : null),
    },
    ...(presenting === null
      ? []
      : [
          {
            id: 'present-next',
            title: 'Show the next part',
            words: 'presentation stage log both remote',
            group: 'View',
            keys: 'PageDown',
            because: null,
            run: (does) => does.present(stepShow(presenting, 1)),
          } satisfies Action,
          {
            id: 'present-previous',
            title: 'Show the part before',
            words: 'presentation stage log both remote',
            group: 'View',
            keys: 'PageUp',
            because: null,
            run: (does) => does.present(stepShow(presenting, -1)),
          } satisfies Action,
          {
            id: 'present-all',
            title: 'Show all parts',
            words: 'presentation stage log both remote',
            group: 'View',
            keys: '.',
            because: null,
            run: (does) => does.present('both'),
          } satisfies Action,
        ]),
    {
      id: 'theme-other',
      title: 'Dark or light',
      words: 'theme colour switch toggle',
      group: 'View',
      keys: 'D',
      because: null,
      run: (does) => does.theme('other'),
    },
    ...(['system', 'light', 'dark'] as const).map(
      (choice): Action => ({
        id: `theme-${choice}`,
        title: choice === 'system' ? 'Theme as the system says' : `Theme: ${choice}`,
        words: 'colour appearance mode',
        group: 'View',
        because: null,
        run: (does) => does.theme(choice),
      }),
    ),
  ];
}

function pageActions({ page }: Situation): readonly Action[] {
  return PAGES.map(({ id, href, name }) => ({
    id: `page-${id}`,
    title: `Open ${name}`,
    words: 'go to page tab navigate',
    group: 'Pages',
    because: id === page ? 'It is open' : null,
    run: (does) => does.go(href),
  }));
}
