'use client';

import clsx from 'clsx';
import { Component } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

interface PanelProps {
  readonly title: string;
  /** The title names the region for screen readers only. */
  readonly hideTitle?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A framed region of the page. What fails inside stays inside. */
export function Panel({ title, hideTitle = false, className, children }: PanelProps) {
  return (
    <section
      aria-label={title}
      className={clsx(
        'flex min-h-0 min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-surface',
        className,
      )}
    >
      {!hideTitle && (
        <h2 className="shrink-0 px-3 pt-2 pb-1 text-sm font-medium text-quiet">{title}</h2>
      )}
      <div className="relative min-h-0 flex-1">
        <PanelBoundary title={title}>{children}</PanelBoundary>
      </div>
    </section>
  );
}

interface BoundaryProps {
  readonly title: string;
  readonly children: ReactNode;
}

class PanelBoundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div
        role="alert"
        className="grid h-full min-h-24 place-content-center justify-items-center gap-2 p-4 text-center"
      >
        <p>{this.props.title} could not be drawn. The rest of the page goes on.</p>
        <Button onClick={() => this.setState({ failed: false })}>Retry</Button>
      </div>
    );
  }
}
