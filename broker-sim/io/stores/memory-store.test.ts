import { memoryStore } from "./memory-store.ts";
import { storeContract } from "./store.contract.ts";

storeContract("memory", { open: memoryStore, cleanUp: () => undefined, keeps: false });
