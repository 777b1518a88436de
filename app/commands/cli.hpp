// The command line.
#pragma once

namespace relay::commands {

/// Reads the command line, does what it says, returns the exit code. Bad usage: 2, after one line on standard
/// error.
int main(int argc, const char* const* argv);

} // namespace relay::commands
