import type { Lease } from '../core/contracts.ts'

/** Events on loan that are committed or given back once; what comes after does nothing. */
export function lend(
  { batch, arrivedAt }: Pick<Lease, 'batch' | 'arrivedAt'>,
  loan: { readonly commit: (ending?: AbortSignal) => Promise<void>; readonly giveBack: () => void }
): Lease {
  let open = true
  const close = (): boolean => {
    const was = open
    open = false
    return was
  }
  return {
    batch,
    arrivedAt,
    commit: async ending => {
      if (close()) await loan.commit(ending)
    },
    [Symbol.asyncDispose]: async () => {
      if (close()) loan.giveBack()
    }
  }
}
