/** A step that did not end as the story says, in one sentence. */
export class StoryError extends Error {}
