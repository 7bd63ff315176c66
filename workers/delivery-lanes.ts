/** Attempts of one lane that are under way in this process at once: a receiver that hangs holds no more places than these. */
export const placesPerLane = 4;

/** The lane of what goes to a `callbackUrl`: those of one tenant to one origin share it. */
export function laneOfCallback(tenantId: string, callbackUrl: string): string {
  return `${tenantId} ${new URL(callbackUrl).origin}`;
}

/** Counts the attempts that are under way, and remembers whether somebody found no place. */
export class DeliveryLanes {
  readonly #lanes = new Map<string, { taken: number; turnedAway: boolean }>();

  /** Takes a place; false when there is none: then whoever leaves is told. */
  enter(name: string): boolean {
    const { taken, turnedAway } = this.#lanes.get(name) ?? { taken: 0, turnedAway: false };
    const hasPlace = taken < placesPerLane;
    this.#lanes.set(name, hasPlace ? { taken: taken + 1, turnedAway } : { taken, turnedAway: true });
    return hasPlace;
  }

  /** Gives a place back; true when somebody was turned away since: then there is more to be done. */
  leave(name: string): boolean {
    const { taken, turnedAway } = this.#lanes.get(name) ?? { taken: 1, turnedAway: false };
    if (taken > 1) this.#lanes.set(name, { taken: taken - 1, turnedAway: false });
    else this.#lanes.delete(name);
    return turnedAway;
  }

  /** Notes that more is waiting than was taken up: the next one to leave is told, even if nobody is there now. */
  turnAway(name: string): void {
    const taken = this.#lanes.get(name)?.taken ?? 0;
    this.#lanes.set(name, { taken, turnedAway: true });
  }
}
