"""Activity: who did what when. Marks become exact sets of actors by event and day; sets tell who came back."""
