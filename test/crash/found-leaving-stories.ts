import type { LeavingStory } from './leaving-story.ts'

/** Stories that random search found, and what went wrong in them. */
export const FOUND_LEAVING: Readonly<Record<string, LeavingStory>> = {}
