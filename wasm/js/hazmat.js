/** Functions that take the randomness from the caller, for test vectors alone. Whoever knows r opens the record. */

export {
  hazmat_encapsulate as encapsulate,
  hazmat_encrypt as encrypt,
  hazmat_handshake as handshake,
} from "./phi_pre.js";
