/** Messages that mean the same. */
export const alike = <Input>(input: Input, messages: string[]): Record<string, Input> =>
  Object.fromEntries(messages.map((message) => [message, input]));
