import { ponder } from "ponder:registry";
import { transfer } from "ponder:schema";

ponder.on("Emitter:Transfer", async ({ event, context }) => {
  const { from, to, value } = event.args;
  await context.db.insert(transfer).values({ id: event.id, block: event.block.number, from, to, value });
});
