// Keeps asynchronous signals away from threads that compute.
#pragma once

namespace relatum {

/// While one lives, no asynchronous signal is delivered to the calling thread, nor to the OpenMP
/// threads that work for it: a handler would run on their stacks, and oneDNN's generated code uses
/// the stack pointer for its own ends, so that the handler overwrites what is being computed. What
/// arrives meanwhile is delivered afterwards, or at once to a thread of the process that takes it.
/// Synchronous signals (SIGSEGV, SIGFPE and their like) are never held back.
///
/// May be nested; only the outermost one asks the system for anything. OpenMP threads keep their
/// signals blocked for good: they belong to the pool, and no one else waits for signals there.
class SignalsHeld {
 public:
  SignalsHeld();
  ~SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
};

}  // namespace relatum
