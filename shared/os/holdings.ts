/** What a process has open, to be closed when its World ends. */
export interface Holdings {
  /** Returns how to forget it, for when it closes by itself. */
  add(resource: { close(): void | Promise<void> }): () => void
  /** Closes everything, the newest first. */
  closeAll(): Promise<void>
}

export function createHoldings(): Holdings {
  const open = new Set<{ close(): void | Promise<void> }>()
  return {
    add: (resource) => {
      open.add(resource)
      return () => void open.delete(resource)
    },
    closeAll: async () => {
      const closing = [...open].toReversed()
      open.clear()
      await Promise.all(closing.map(async (resource) => resource.close()))
    },
  }
}
