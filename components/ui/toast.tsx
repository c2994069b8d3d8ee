'use client';

import { X } from 'lucide-react';
import { createContext, use, useCallback, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';

export interface Toast {
  readonly text: string;
  /** One thing that can be done about it. */
  readonly action?: { readonly label: string; run(): void };
}

interface ShownToast extends Toast {
  readonly id: number;
}

/** How long a toast stays, ms; not counted while it is pointed at or holds the focus. */
const STAYS_MS = 8000;
/** Toasts at once; the oldest gives way. */
const MAX_TOASTS = 3;

const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Shows a short notice at the lower edge of the page. */
export function useToast(): (toast: Toast) => void {
  return use(ToastContext);
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly ShownToast[]>([]);
  const nextId = useRef(0);
  const show = useCallback((toast: Toast) => {
    const id = nextId.current++;
    setToasts((shown) => [...shown, { ...toast, id }].slice(-MAX_TOASTS));
  }, []);
  const close = useCallback((id: number) => {
    setToasts((shown) => shown.filter((toast) => toast.id !== id));
  }, []);
  return (
    <ToastContext value={show}>
      {children}
      <div
        role="status"
        aria-label="Notices"
        className="pointer-events-none fixed inset-x-0 bottom-4 z-30 flex flex-col items-center gap-2 px-4 presenting:bottom-20"
      >
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} onClose={close} />
        ))}
      </div>
    </ToastContext>
  );
}

interface ToastCardProps {
  readonly toast: ShownToast;
  onClose(id: number): void;
}

function ToastCard({ toast, onClose }: ToastCardProps) {
  const { id, text, action } = toast;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => onClose(id), STAYS_MS);
    return () => clearTimeout(timer);
  }, [held, id, onClose]);
  return (
    <div
      className="enters pointer-events-auto flex max-w-full items-center gap-2 rounded-lg border border-line-strong bg-raised py-1 pr-1 pl-3 shadow-lg"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{text}</span>
      {action !== undefined && (
        <Button
          tone="bare"
          className="underline underline-offset-4"
          onClick={() => {
            onClose(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button
        tone="bare"
        className="px-2"
        aria-label="Close the notice"
        onClick={() => onClose(id)}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
    </div>
  );
}
