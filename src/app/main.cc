// The relatum program: finds the command, runs it, and turns errors into sentences.
#include "app/run_command_line.h"

int main(int argc, char** argv) { return relatum::app::run_command_line(argc, argv); }
