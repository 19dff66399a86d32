/** Runs `task` on every item, at most `atOnce` at a time, in order. Rejects as the first task that does. */
export async function eachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  task: (item: T) => Promise<void>
): Promise<void> {
  const left = items.values()
  const work = async (): Promise<void> => {
    for (const item of left) await task(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
}
